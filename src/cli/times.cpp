#include "cli/times.hpp"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

namespace rollcall::cli {

std::optional<std::chrono::nanoseconds> parse_time(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {};
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double seconds = number;
  if (unit == "ms") {
    seconds = number / 1000;
  } else if (unit == "m") {
    seconds = number * 60;
  } else if (unit != "s" && !unit.empty()) {
    return {};
  }
  if (!(seconds > 0 && seconds <= 86400)) return {};
  return std::chrono::round<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::expected<std::chrono::milliseconds, std::string> parse_look_period(std::string_view option,
                                                                        const std::string& text) {
  constexpr std::chrono::milliseconds shortest{100};
  const auto period = parse_time(text);
  if (!period || *period < shortest) {
    return std::unexpected(
        fmt::format("{}: '{}' is no time such as 5s, 500ms or 1m (at least 100ms)", option, text));
  }
  return std::chrono::round<std::chrono::milliseconds>(*period);
}

}  // namespace rollcall::cli
