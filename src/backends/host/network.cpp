#include "backends/host/network.hpp"

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "hostview/listeners.hpp"

namespace rollcall::host {
namespace {

namespace ip = boost::asio::ip;

// Reads a system socket address by copying it, the only legal way to read one type as another.
template <class SocketAddress>
SocketAddress as(const sockaddr* address) {
  SocketAddress copy{};
  std::memcpy(&copy, address, sizeof copy);
  return copy;
}

std::optional<ip::address> address_of(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    return ip::address_v4(ntohl(as<sockaddr_in>(address).sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return {};
  ip::address_v6::bytes_type bytes{};
  const auto copy = as<sockaddr_in6>(address);
  std::memcpy(bytes.data(), &copy.sin6_addr, bytes.size());
  return ip::address_v6(bytes);
}

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
  std::vector<InterfaceAddress> addresses;
  std::map<std::string, std::uint32_t> indices;  // a host has many addresses, and few interfaces
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    const auto address = address_of(at->ifa_addr);
    if (!address || (at->ifa_flags & static_cast<unsigned>(IFF_UP)) == 0) continue;
    const auto [index, is_new] = indices.try_emplace(at->ifa_name, 0);
    if (is_new) index->second = ::if_nametoindex(at->ifa_name);
    addresses.push_back({.interface = index->first, .index = index->second, .address = *address});
  }
  return addresses;
}

}  // namespace

HostNetwork look_at_network() {
  const PortRange ephemeral = ephemeral_ports();
  return {.addresses = interface_addresses(),
          .first_ephemeral_port = ephemeral.first,
          .last_ephemeral_port = ephemeral.last};
}

}  // namespace rollcall::host
