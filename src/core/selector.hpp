// Label selectors, in the grammar of Kubernetes: "app=web,tier!=test,!canary,size>1". Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/labels.hpp>

namespace rollcall {

/// All of its requirements must hold. One that says what a label is not holds for those without it,
/// too.
///
///     app   !app   app=web   app==web   app!=web   app in (web, api)   app notin (web, api)
///     size>1   size<9: for those whose label is a whole number
///
/// What Kubernetes refuses is refused: keys and values have at most 63 letters, digits, '-', '_'
/// and '.', keys may have a DNS name and a slash before them.
class Selector {
 public:
  enum class Operation : std::uint8_t { exists, absent, one_of, none_of, greater, less };
  struct Requirement {
    std::string key;
    Operation operation = Operation::exists;
    std::vector<std::string> values;  // sorted
    std::int64_t bound = 0;           // of greater and less

    friend auto operator<=>(const Requirement&, const Requirement&) = default;
  };

  /// An empty text asks for nothing. Errors: a sentence that says what is wrong and what would be
  /// right.
  static std::expected<Selector, std::string> parse(std::string_view text);

  /// Adds the requirements of another text, each but once.
  ///
  /// Errors: the same, and when there are more than core/budgets.hpp allows.
  std::expected<void, std::string> add(std::string_view text);

  [[nodiscard]] bool matches(const Labels& labels) const;

  [[nodiscard]] bool empty() const noexcept { return requirements_.empty(); }

 private:
  std::expected<void, std::string> add(Requirement requirement);

  std::vector<Requirement> requirements_;  // sorted
  std::size_t values_ = 0;
};

}  // namespace rollcall
