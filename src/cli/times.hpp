// Lengths of time, as people write them.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::cli {

/// "5s", "500ms", "1m", or a number of seconds; more than nothing and at most a day.
std::optional<std::chrono::nanoseconds> parse_time(std::string_view text);

/// A look period, for this option: at least 100 ms, because looking without a pause would keep a
/// core busy. Errors: a sentence.
std::expected<std::chrono::milliseconds, std::string> parse_look_period(std::string_view option,
                                                                        const std::string& text);

}  // namespace rollcall::cli
