// Lengths of time, as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace rollcall::option {

/// "5s", "500ms", "1m", or a number of seconds; more than nothing and at most a day.
std::optional<std::chrono::nanoseconds> parse_time(std::string_view text);

}  // namespace rollcall::option
