#include "transport/endpoint.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <boost/url/encode.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <sys/un.h>

#include "core/text/numbers.hpp"
#include "core/text/shown_url.hpp"
#include "transport/url.hpp"

namespace rollcall {
namespace {

constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

constexpr std::string_view usual_forms =
    "write unix:///path/to/socket, tcp://host:port, https://host:port or ssh://user@host";

std::unexpected<RuntimeError> invalid(std::string_view url, std::string what,
                                      std::string_view remedy = usual_forms) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = shown_url(url),
               .what = std::move(what),
               .remedy = std::string(remedy)});
}

/// Whether the host is an IPv6 address, or an attempt at one, without brackets.
bool lacks_brackets(std::string_view url) {
  const std::string_view host = written_host(url);
  return !host.contains('[') && std::ranges::count(host, ':') > 1;
}

Result<Endpoint> unix_endpoint(std::string_view url, std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return invalid(url, "the path of a Unix socket must be absolute");
  }
  if (path.size() > max_socket_path) {
    return invalid(url, fmt::format("the path of a Unix socket may have {} bytes, this one has {}",
                                    max_socket_path, path.size()));
  }
  return Endpoint{.scheme = Endpoint::Scheme::unix_socket, .path = std::string(path), .host = {}};
}

/// Boost.URL's own conversion wraps around on overflow.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = whole_number<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

/// Whether the text can only be read as a name, by ssh and by shells that its configuration may
/// run.
bool is_plain_name(std::string_view text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("._-@+=%:").contains(static_cast<char>(c));
  };
  return !text.starts_with('-') && std::ranges::all_of(text, plain);
}

Result<Endpoint> ssh_endpoint(std::string_view text, const boost::urls::url_view& url) {
  Endpoint endpoint{.scheme = Endpoint::Scheme::ssh,
                    .path = url.path(),
                    .host = url.host_address(),
                    .user = url.user()};
  if (!is_plain_name(endpoint.user)) {
    return invalid(text, "the user has characters that no user name has");
  }
  if (url.has_query() || url.has_fragment()) {
    return invalid(text, "nothing may follow the path of the socket");
  }
  if (!url.port().empty()) {
    const auto port = parse_port(url.port());
    if (!port) return invalid(text, "the port is not a number from 1 to 65535");
    endpoint.port = *port;
  }
  if (endpoint.path.find_first_not_of('/') == std::string::npos) endpoint.path.clear();
  const auto control = [](unsigned char c) { return std::iscntrl(c) != 0; };
  if (std::ranges::any_of(endpoint.path, control)) {
    return invalid(text, "the path of the socket has control characters");
  }
  return endpoint;
}

Result<Endpoint> tcp_endpoint(std::string_view text, const boost::urls::url_view& url,
                              DefaultPorts ports) {
  const bool tls = url.scheme() == "https";
  const auto port =
      url.port().empty() ? std::optional(tls ? ports.tls : ports.plain) : parse_port(url.port());
  if (!port) return invalid(text, "the port is not a number from 1 to 65535");
  if (url.encoded_path().find_first_not_of('/') != std::string_view::npos) {
    return invalid(text, "a path after the host is not supported");
  }
  if (url.has_query() || url.has_fragment()) return invalid(text, "nothing may follow the host");
  std::string host(url.host_address());
  return Endpoint{.scheme = tls ? Endpoint::Scheme::tls : Endpoint::Scheme::tcp,
                  .path = {},
                  .host = std::move(host),
                  .port = *port};
}

}  // namespace

std::string Endpoint::url() const {
  if (scheme == Scheme::unix_socket) return "unix://" + path;
  if (scheme == Scheme::ssh) {
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("ssh://{}{}{}{}{}", user, user.empty() ? "" : "@",
                       v6 ? "[" + host + "]" : host, port == 0 ? "" : fmt::format(":{}", port),
                       boost::urls::encode(path, boost::urls::pchars + '/'));
  }
  return (scheme == Scheme::tls ? "https://" : "tcp://") + host_header();
}

std::string Endpoint::host_header() const {
  if (scheme == Scheme::unix_socket || scheme == Scheme::ssh) return "localhost";
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text, DefaultPorts ports) {
  if (text.starts_with("unix://")) return unix_endpoint(text, text.substr(7));
  if (text.starts_with("unix:")) return unix_endpoint(text, text.substr(5));
  if (text.starts_with('/')) return unix_endpoint(text, text);

  if (lacks_brackets(text)) {
    return invalid(text, "an IPv6 address in a URL stands in brackets",
                   "write tcp://[fe80::1]:2375 or ssh://user@[fe80::1]");
  }
  const auto parsed = parse_url(text);
  if (!parsed) return invalid(text, "this is not a URL");
  const boost::urls::url_view url = *parsed;
  const std::string scheme(url.scheme());
  const bool ssh = scheme == "ssh";
  if (scheme != "tcp" && scheme != "http" && scheme != "https" && !ssh) {
    return invalid(text, fmt::format("the scheme {}:// is not supported", scheme));
  }
  if (ssh && url.has_password()) {
    return invalid(text, "a password in a URL is not supported; use a key");
  }
  if (!ssh && url.has_userinfo()) {
    return invalid(
        text, "a user or a password in a URL is not supported, because it would never be sent");
  }
  if (url.host().empty()) return invalid(text, "the host is missing");
  const bool escaped = !written_host(text).starts_with('[') && written_host(text).contains('%');
  if (escaped || !is_plain_name(url.host_address())) {
    return invalid(text, "the host has characters that no host name has");
  }
  return ssh ? ssh_endpoint(text, url) : tcp_endpoint(text, url, ports);
}

}  // namespace rollcall
