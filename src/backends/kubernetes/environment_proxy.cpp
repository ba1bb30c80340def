#include "backends/kubernetes/environment_proxy.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>

#include "core/text/ascii.hpp"

namespace rollcall::kubernetes {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

struct Variable {
  std::string_view name;
  std::string value;
};

/// The first of these variables that is not empty.
Variable first_of(const BackendOptions& options, std::array<std::string_view, 2> names) {
  for (const std::string_view name : names) {
    std::string value(trimmed(options.getenv(name).value_or("")));
    if (!value.empty()) return {.name = name, .value = std::move(value)};
  }
  return {};
}

std::optional<ip::address> address_of(std::string_view text) {
  error_code error;
  const ip::address address = ip::make_address(text, error);
  return error ? std::nullopt : std::optional(address);
}

template <class Network, class Address>
bool is_within(const Network& network, const Address& address) {
  return Network(address, network.prefix_length()).canonical() == network.canonical();
}

bool is_in_network(const ip::address& address, const std::string& text) {
  error_code error;
  if (address.is_v4()) {
    const ip::network_v4 network = ip::make_network_v4(text, error);
    return !error && is_within(network, address.to_v4());
  }
  const ip::network_v6 network = ip::make_network_v6(text, error);
  return !error && is_within(network, address.to_v6());
}

/// Cuts off the port: "host:8080", "[::1]:8080"; a bare IPv6 address has none.
std::string_view take_port(std::string_view& entry) {
  const std::size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[');
  std::string_view port;
  const bool has_port = colon != std::string_view::npos &&
                        (bracketed ? entry[colon - 1] == ']' : entry.find(':') == colon);
  if (has_port) {
    port = entry.substr(colon + 1);
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  return port;
}

/// Whether one entry of NO_PROXY, in lower case, matches this endpoint.
bool means(std::string_view entry, const std::string& host, std::uint16_t port) {
  if (entry == "*") return true;
  const auto address = address_of(host);
  if (entry.contains('/')) return address && is_in_network(*address, std::string(entry));
  const std::string_view its_port = take_port(entry);
  if (!its_port.empty() && its_port != std::to_string(port)) return false;
  if (address) return address_of(entry) == address;
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) return host.ends_with(entry);
  return host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

bool is_excepted(std::string_view list, const std::string& host, std::uint16_t port) {
  const std::string all = lower_case(list);
  list = all;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view entry = trimmed(list.substr(0, comma));
    if (!entry.empty() && means(entry, host, port)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

Result<std::optional<ProxyEndpoint>> environment_proxy(const Access& access,
                                                       const BackendOptions& options) {
  if (access.local()) return std::nullopt;
  const Endpoint& endpoint = access.endpoint;
  const bool tls = endpoint.scheme == Endpoint::Scheme::tls;
  const Variable named = tls ? first_of(options, {"HTTPS_PROXY", "https_proxy"})
                             : first_of(options, {"HTTP_PROXY", "http_proxy"});
  const std::string host = lower_case(endpoint.host);
  if (named.value.empty()) return std::nullopt;
  if (is_excepted(first_of(options, {"NO_PROXY", "no_proxy"}).value, host, endpoint.port)) {
    return std::nullopt;
  }
  const bool has_scheme = named.value.contains("://");
  auto proxy = parse_proxy(has_scheme ? named.value : "http://" + named.value);
  if (!proxy) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = endpoint.url(),
                 .what = fmt::format("{}: {}", named.name, proxy.error().what),
                 .remedy = proxy.error().remedy});
  }
  return *proxy;
}

}  // namespace rollcall::kubernetes
