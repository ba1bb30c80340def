// What is forwarded to an instance: its proxy devices, and the forwards of its networks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall::incus {

/// A device of type `proxy`, in the engine's words.
struct ProxyDevice {
  std::string name;
  std::string listen;   ///< "tcp:0.0.0.0:80-81,443", "udp:[::]:53", "unix:/run/web.sock".
  std::string connect;  ///< The same, seen from the other side.
  std::string bind;     ///< "instance": it listens inside, and connects on the host.
};

/// What can be reached through it. Appends to both; what cannot be understood is a problem.
///
/// A range is one mapping for each of its ports. Where a Unix socket listens, the port behind it is
/// internal; where one is behind, the port of the instance is 0.
void add_ports(const ProxyDevice& device, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems);

/// A port that a network forwards.
struct ForwardedPort {
  std::string target;  ///< The address of an instance.
  PortMapping mapping;
};

/// A row of `ports` of a network forward.
struct ForwardRow {
  std::string_view protocol;
  std::string_view listen_port;  ///< "80,90-99"
  std::string_view target_port;  ///< The same, or empty: as they came.
  std::string_view target_address;
};

/// The ports of a row of the forward that listens on an address; none, if it cannot be understood.
std::vector<ForwardedPort> ports_of(const ForwardRow& row, std::string_view listen_address);

}  // namespace rollcall::incus
