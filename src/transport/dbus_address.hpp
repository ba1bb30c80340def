// Where a message bus listens, as D-Bus writes it.
#pragma once

#include <string_view>

#include "transport/endpoint.hpp"

namespace rollcall {

/// Understands an address of D-Bus, "unix:path=/run/dbus/system_bus_socket" or
/// "unix:abstract=name", of several ("a;b") the first of a Unix socket; and the ways in which other
/// endpoints are written: unix:///path, unix:/path, /path. An abstract socket is the path "@name".
///
/// Errors: invalid_config, which says what is wrong and what would be right.
Result<Endpoint> parse_dbus_address(std::string_view address);

}  // namespace rollcall
