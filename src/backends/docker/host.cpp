#include "backends/docker/host.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

#include "core/text/ascii.hpp"

namespace rollcall::docker {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::array<std::string_view, 3> tcp_schemes = {"tcp://", "http://", "https://"};

/// The text after the scheme. The docker command, too, accepts the scheme twice.
std::string_view behind(std::string_view scheme, std::string_view url) {
  for (int times = 0; times < 2 && url.starts_with(scheme); ++times) {
    url.remove_prefix(scheme.size());
  }
  return url;
}

bool is_bare_ipv6(std::string_view host) {
  boost::system::error_code none;
  boost::asio::ip::make_address_v6(std::string(host), none);
  return !none;
}

/// Completes "", ":99", "::1" and "host" to the authority of a URL.
std::string completed_authority(std::string_view authority) {
  if (authority.empty() || authority.front() == ':') {
    if (is_bare_ipv6(authority)) return fmt::format("[{}]", authority);
    return fmt::format("localhost{}", authority);
  }
  return is_bare_ipv6(authority) ? fmt::format("[{}]", authority) : std::string(authority);
}

std::string completed_tcp(std::string_view scheme, std::string_view rest) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  return fmt::format("{}{}{}", scheme, completed_authority(rest.substr(0, end)), rest.substr(end));
}

std::string completed(std::string_view host) {
  if (host.starts_with(unix_scheme)) {
    const std::string_view path = behind(unix_scheme, host);
    return fmt::format("{}{}", unix_scheme, path.empty() ? usual_socket : path);
  }
  if (host.starts_with('/') || host.starts_with("unix:/")) return std::string(host);
  for (const std::string_view scheme : tcp_schemes) {
    if (host.starts_with(scheme)) return completed_tcp(scheme, behind(scheme, host));
  }
  // A path that does not begin with a slash cannot be a host.
  if (host.starts_with('.') || (host.ends_with(".sock") && !host.contains("://"))) {
    return fmt::format("{}{}", unix_scheme, host);
  }
  if (!host.contains("://")) return completed_tcp("tcp://", host);
  return std::string(host);
}

/// Whether a URL of TCP or TLS has another "://", which the docker command refuses, too.
bool holds_two_urls(std::string_view host) {
  return std::ranges::any_of(tcp_schemes, [host](std::string_view scheme) {
    return host.starts_with(scheme) && behind(scheme, host).contains("://");
  });
}

}  // namespace

std::string_view without_blanks(std::string_view written) {
  return trimmed(written, " \t\n\v\f\r");
}

Result<docker_api::Address> parse_host(std::string_view written) {
  const std::string_view host = without_blanks(written);
  auto address = docker_api::parse_address(completed(host));
  if (!address || !holds_two_urls(host)) return address;
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = address->url(),
               .what = "there is a second :// after the scheme",
               .remedy = "write tcp://host:port"});
}

}  // namespace rollcall::docker
