// Logging as a value: the library has no log of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace rollcall {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Where a backend reports what it does. Called on the backend's executor; must not throw. Empty:
/// silent.
using Logger = std::function<void(LogLevel level, std::string_view message)>;

}  // namespace rollcall
