// The values of labels: what a text says, or where it stops making sense. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/budgets.hpp"

namespace rollcall::readers {

/// What was read, or the offset of the first byte that is wrong (the size, if the end is missing).
template <class T>
using Parsed = std::expected<T, std::size_t>;

using Texts = std::vector<std::string>;

/// true, yes, 1, on, false, no, 0, off; in any case.
Parsed<bool> parse_bool(std::string_view text);

/// As Go's strconv.ParseBool takes it: 1, t, T, true, True, TRUE, and the same of false.
Parsed<bool> parse_go_bool(std::string_view text);

/// From 1 to 65535.
Parsed<std::uint16_t> parse_port(std::string_view text);

/// As Go writes it: "10s", "1m30s", "1.5h"; of a millisecond at least and 100 years at most.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The same; a number alone is seconds.
Parsed<std::chrono::milliseconds> parse_duration_or_seconds(std::string_view text);

/// A service name of RFC 6335, with or without the underscores and the protocol of DNS-SD: "http",
/// "_http._tcp".
Parsed<std::string> parse_service_type(std::string_view text);

/// A name that people read: one label of DNS-SD, which may hold any character that can be shown.
Parsed<std::string> parse_name(std::string_view text);

/// A line that people read, of 1 to 256 bytes.
Parsed<std::string> parse_line(std::string_view text);

/// Labels of letters, digits and hyphens, at most 63 bytes each and 253 together.
Parsed<std::string> parse_dns_name(std::string_view text);

/// The same as proxies take it: in lower case, with underscores; "*." may stand before it. Also an
/// IPv6 address, with or without brackets; without them in what is read.
Parsed<std::string> parse_host(std::string_view text);

/// "/healthz".
Parsed<std::string> parse_path(std::string_view text);

/// "http://host:port/path", or with https.
Parsed<std::string> parse_url(std::string_view text);

/// What is asked where, of a URL: "https://10.0.0.7" is https and port 443.
struct ServerUrl {
  std::string scheme;
  std::uint16_t port = 0;
};
Parsed<ServerUrl> parse_server_url(std::string_view text);

/// A path or a URL.
Parsed<std::string> parse_health_path(std::string_view text);

/// http, https, tcp, none; in any case.
Parsed<std::string> parse_health_kind(std::string_view text);

/// The scheme of a URL, "http"; made lower case.
Parsed<std::string> parse_scheme(std::string_view text);

/// http or https, in any case.
Parsed<std::string> parse_web_scheme(std::string_view text);

/// The name of a network: no spaces, at most 256 bytes.
Parsed<std::string> parse_network(std::string_view text);

/// Words between commas, at most 64, without the spaces around them; empty ones are left out.
Parsed<Texts> parse_tags(std::string_view text);

/// The same; "\," is a comma within a word.
Parsed<Texts> parse_escaped_tags(std::string_view text);

/// A route with more hosts than this is refused.
inline constexpr std::size_t most_hosts = budget::route_hosts;

/// Puts the text at the end, unless it is there already.
void add_once(Texts& texts, std::string text);

/// What completes "… is not" for each of them.
namespace right {
inline constexpr std::string_view boolean = "a boolean: write true or false";
inline constexpr std::string_view port = "a port: write a number from 1 to 65535";
inline constexpr std::string_view duration = "a positive duration: write 10s, 500ms or 1m30s";
inline constexpr std::string_view service_type = "a service type: write _http._tcp, or http";
inline constexpr std::string_view name =
    "a name: write 1 to 63 bytes of text without control characters";
inline constexpr std::string_view line =
    "a line: write 1 to 256 bytes of text without control characters";
inline constexpr std::string_view dns_name =
    "a DNS name: write labels of letters, digits and hyphens, as in web.lan";
inline constexpr std::string_view host = "a host name: write www.example.org or *.example.org";
inline constexpr std::string_view path = "a path: write /metrics";
inline constexpr std::string_view url = "a URL: write https://example.org/";
inline constexpr std::string_view health_path =
    "a path or URL: write /healthz or http://host:port/healthz";
inline constexpr std::string_view health_kind =
    "a kind of health check: write http, https, tcp or none";
inline constexpr std::string_view scheme = "a scheme: write http, https or h2c";
inline constexpr std::string_view web_scheme = "a scheme of the web: write http or https";
inline constexpr std::string_view network = "the name of a network: write it without spaces";
inline constexpr std::string_view tags = "a list of tags: write words with commas between them";
}  // namespace right

/// Whether it begins with `lowercase`, in any case.
bool begins_with_caseless(std::string_view text, std::string_view lowercase);

/// Whether it is `lowercase`, in any case.
bool equals_caseless(std::string_view text, std::string_view lowercase);

/// How many replaced, added or left out letters make `lowercase` of `text` in any case.
std::size_t edit_distance(std::string_view text, std::string_view lowercase);

}  // namespace rollcall::readers
