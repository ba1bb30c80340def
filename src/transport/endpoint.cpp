#include "transport/endpoint.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <system_error>

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <sys/un.h>

namespace rollcall {
namespace {

constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

/// The URL without what may be a secret in it: who is asked to log in, and with which password.
std::string shown(std::string_view url) {
  if (url.starts_with("unix:") || url.starts_with('/')) return std::string(url);
  const auto scheme_end = url.find("://");
  const std::size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const auto at = url.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  const std::string_view user = url.substr(begin, at - begin);
  if (url.starts_with("ssh://") && !user.contains(':')) return std::string(url);
  return fmt::format("{}{}", url.substr(0, begin), url.substr(at + 1));
}

std::unexpected<RuntimeError> invalid(std::string_view url, std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = shown(url),
               .what = std::move(what),
               .remedy = "write unix:///path/to/socket, tcp://host:port, https://host:port or "
                         "ssh://user@host"});
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

/// Boost.URL's own number wraps around.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// What is only ever a name, for ssh and for the shells that its configuration may call.
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
  if (url.has_port()) {
    const auto port = parse_port(url.port());
    if (!port) return invalid(text, "the port is not a number from 1 to 65535");
    endpoint.port = *port;
  }
  if (endpoint.path == "/") endpoint.path.clear();
  const auto control = [](unsigned char c) { return std::iscntrl(c) != 0; };
  if (std::ranges::any_of(endpoint.path, control)) {
    return invalid(text, "the path of the socket has control characters");
  }
  return endpoint;
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

  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return invalid(text, "this is not a URL");
  const boost::urls::url_view& url = *parsed;
  const std::string scheme(url.scheme());
  const bool tls = scheme == "https";
  const bool ssh = scheme == "ssh";
  if (scheme != "tcp" && scheme != "http" && !tls && !ssh) {
    return invalid(text, fmt::format("the scheme {}:// is not supported", scheme));
  }
  if (ssh && url.has_password()) {
    return invalid(text, "a password in a URL is not supported; use a key");
  }
  if (!ssh && url.has_userinfo()) {
    return invalid(text, "a user or a password in a URL is not supported: nobody would be told it");
  }
  if (url.host().empty()) return invalid(text, "the host is missing");
  if (!is_plain_name(url.host_address())) {
    return invalid(text, "the host has characters that no host name has");
  }
  if (ssh) return ssh_endpoint(text, url);
  const auto port =
      url.has_port() ? parse_port(url.port()) : std::optional(tls ? ports.tls : ports.plain);
  if (!port) return invalid(text, "the port is not a number from 1 to 65535");
  if (!url.encoded_path().empty() && url.encoded_path() != "/") {
    return invalid(text, "a path after the host is not supported");
  }
  std::string host(url.host_address());
  return Endpoint{.scheme = tls ? Endpoint::Scheme::tls : Endpoint::Scheme::tcp,
                  .path = {},
                  .host = std::move(host),
                  .port = *port};
}

}  // namespace rollcall
