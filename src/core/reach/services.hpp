// What an instance serves: its ports, as described by labels, the runtime and the table of ports.
// Derived on demand and never stored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

/// One port that an instance serves, or says that it serves.
struct Service {
  std::uint16_t port = 0;  ///< The instance's own.
  Protocol protocol = Protocol::tcp;
  Sourced<std::string> name;  ///< What a label or the runtime calls it; mostly empty.
  /// DNS-SD service type, "_http._tcp"; never empty. Its source is a label, "port name",
  /// "port table" or "fallback".
  Sourced<std::string> type;
  /// Of the port, else of the instance. Lifetime: the metadata of the instance; thousands of ports
  /// may have the same tags, and none holds a copy.
  std::span<const std::string> tags;
  Sourced<bool> enable{.value = true, .source = {}};  ///< False if a label says so of this port.
  bool listed = true;    ///< The runtime knows the port; false if only a label does.
  bool primary = false;  ///< The one that clients want; of several services one.
  std::string why;       ///< Why it is the primary one; empty for the others.
};

/// The services of an instance, by port and protocol, each pair once. One of them is primary,
/// unless there is none:
///
///  1. the port of `target.port`, also if the runtime does not know it
///  2. the only one
///  3. the lowest TCP port that is published or on the host
///  4. the lowest TCP port
///  5. the lowest
///
/// Ports that a label switches off come after all others.
std::vector<Service> derive_services(const Instance& instance);

/// The full type of what a label says: "_http._tcp" of "http" for a TCP port. DNS-SD knows _tcp,
/// and _udp for all else (RFC 6763, 7).
std::string full_service_type(const std::string& said, Protocol protocol);

}  // namespace rollcall
