// Where a message bus listens, as D-Bus writes it.
#pragma once

#include <string_view>

#include "transport/endpoint.hpp"

namespace rollcall {

/// Parses a D-Bus address, "unix:path=/run/dbus/system_bus_socket" or "unix:abstract=name"; of
/// several ("a;b") the first with a Unix socket counts. Also accepts unix:///path, unix:/path and
/// /path, as other endpoints are written. An abstract socket becomes the path "@name".
///
/// Errors: invalid_config, which says what is wrong and what would be right.
Result<Endpoint> parse_dbus_address(std::string_view address);

}  // namespace rollcall
