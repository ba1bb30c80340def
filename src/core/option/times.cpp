#include "core/option/times.hpp"

#include <charconv>
#include <system_error>

namespace rollcall::option {

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

}  // namespace rollcall::option
