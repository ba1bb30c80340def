// --filter KEY=VALUE: which instances are shown.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall {

/// Filters of one key are alternatives; those of different keys must all hold.
///
///     runtime=docker  state=running  health=unhealthy  group=shop
///     name=web        a part of the name; with * ? [ a pattern for the whole of it
///     label=k         has the label;      label=k=v    has it with this value
class Filters {
 public:
  /// Errors: a sentence for the user, which says what would be right.
  static std::expected<Filters, std::string> parse(std::span<const std::string> words);

  [[nodiscard]] bool matches(const Instance& instance) const;

  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }

 private:
  std::map<std::string, std::vector<std::string>> values_;  // key -> alternatives
};

}  // namespace rollcall
