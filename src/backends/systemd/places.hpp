// Finds the bus of a systemd manager.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"

namespace rollcall::systemd {

/// Returns exactly one place: the bus that the user named, else the system bus:
/// DBUS_SYSTEM_BUS_ADDRESS, else its usual socket. With `user_manager` it is the user's bus:
/// DBUS_SESSION_BUS_ADDRESS, else `bus` in XDG_RUNTIME_DIR. Does not check whether the socket
/// exists.
///
/// Errors: invalid_config.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::systemd
