// The table of ports: which service is usual on a port. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <rollcall/instance.hpp>

namespace rollcall {

/// A row of the table.
struct PortRow {
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  std::string_view service;  ///< The service name of IANA's registry, "postgresql".
  /// IANA has registered the port for this service. Otherwise widely used software listens there
  /// and speaks it.
  bool registered = true;
};

/// All rows, by port and protocol, each pair once.
std::span<const PortRow> port_table() noexcept;

/// The row of a port; null if there is none.
const PortRow* find_port_row(std::uint16_t port, Protocol protocol) noexcept;

/// Whether a row names this service.
bool is_known_service(std::string_view service) noexcept;

}  // namespace rollcall
