#include "core/option/checks.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/option/times.hpp"
#include "core/text/shown_url.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::option {

std::string quoted(const std::string& word) {
  return excerpt(shown_url(word));
}

std::string none_of(const std::string& word, std::span<const std::string> words) {
  if (std::ranges::find(words, word) != words.end()) return {};
  return fmt::format("'{}' is none of {}{}", quoted(word), fmt::join(words, ", "),
                     suggestion(word, words));
}

std::string check_path(const std::string& word) {
  if (word.empty() || std::filesystem::path(word).is_absolute()) return {};
  return fmt::format("'{}' is no absolute path", quoted(word));
}

std::string check_period(const std::string& word) {
  constexpr std::chrono::milliseconds shortest{100};
  const auto period = parse_time(word);
  if (period && *period >= shortest) return {};
  return fmt::format("'{}' is no time such as 5s, 500ms or 1m (at least 100ms)", quoted(word));
}

std::string check_period_or_zero(const std::string& word) {
  return word == "0" ? "" : check_period(word);
}

}  // namespace rollcall::option
