// The addresses of this host, and its ephemeral ports.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace rollcall::host {

struct InterfaceAddress {
  std::string interface;    ///< Its name, "eth0".
  std::uint32_t index = 0;  ///< The kernel's number of the interface.
  boost::asio::ip::address address;

  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct HostNetwork {
  std::vector<InterfaceAddress> addresses{};  ///< Of interfaces that are up.
  /// The range of ephemeral ports, both ends included.
  std::uint16_t first_ephemeral_port = 32768;
  std::uint16_t last_ephemeral_port = 60999;

  friend bool operator==(const HostNetwork&, const HostNetwork&) = default;
};

/// Looks at the caller's network namespace; tests replace it.
using LookAtNetwork = std::function<HostNetwork()>;

/// Blocks for some microseconds. Data that cannot be read is left out.
HostNetwork look_at_network();

}  // namespace rollcall::host
