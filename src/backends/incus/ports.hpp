// Ports that are forwarded to an instance by its proxy devices and by the forwards of its networks.
#pragma once

#include <cstdint>
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

/// Adds the ports of a device. Appends to both lists; a device that cannot be parsed becomes a
/// problem that says why.
///
/// A range becomes one mapping per port, up to the limit of an instance. If a Unix socket listens,
/// the inner port is internal; if the target is a Unix socket, the port of the instance is 0.
void add_ports(const ProxyDevice& device, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems);

/// Consecutive ports, on an address of their own or on the shared one.
struct PortRange {
  std::string ip{};
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// A row of `ports` of a network forward.
struct ForwardRow {
  std::string_view protocol;
  std::string_view listen_port;  ///< "80,90-99"
  std::string_view target_port;  ///< The same, or empty: as they came.
  std::string_view target_address;
};

/// A parsed row; takes no more memory than its text.
struct ForwardedPorts {
  std::string target;  ///< The address of an instance, or what was meant for one.
  std::string listen;
  Protocol protocol = Protocol::tcp;
  std::vector<PortRange> outer{};
  std::vector<PortRange> inner{};
  std::string wrong{};  ///< Why it cannot be understood; then it has no ports.
};

/// Parses a row of the forward that listens on this address.
ForwardedPorts forwarded_by(const ForwardRow& row, std::string_view listen_address);

/// Adds the ports of a row to the instance that is its target.
void add_ports(const ForwardedPorts& row, std::vector<PortMapping>& ports,
               std::vector<Problem>& problems);

}  // namespace rollcall::incus
