// Where a systemd manager is on the bus.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::systemd {

/// The bus that the user named, else that of the system: DBUS_SYSTEM_BUS_ADDRESS, else its usual
/// socket; with `user_manager` that of the user: DBUS_SESSION_BUS_ADDRESS, else `bus` in
/// XDG_RUNTIME_DIR. Always one. No file is looked at.
///
/// Errors: invalid_config.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::systemd
