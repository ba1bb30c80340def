// Label selectors, as Kubernetes writes them: "app=web,tier!=test,!canary". Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/labels.hpp>

namespace rollcall::server {

/// All of its requirements must hold. One that says what a label is not holds for those without it,
/// too.
///
///     app   !app   app=web   app==web   app!=web   app in (web, api)   app notin (web, api)
class Selector {
 public:
  /// Errors: a sentence that says what is wrong and what would be right.
  static std::expected<Selector, std::string> parse(std::string_view text);

  [[nodiscard]] bool matches(const Labels& labels) const;

  [[nodiscard]] bool empty() const noexcept { return requirements_.empty(); }

 private:
  enum class Operation : std::uint8_t { exists, absent, one_of, none_of };
  struct Requirement {
    std::string key;
    Operation operation = Operation::exists;
    std::vector<std::string> values;
  };

  static std::expected<Requirement, std::string> parse_one(std::string_view text);

  std::vector<Requirement> requirements_;
};

}  // namespace rollcall::server
