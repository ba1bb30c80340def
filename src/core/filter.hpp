// --filter KEY=VALUE: which instances are shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/selector.hpp"
#include "core/text/glob.hpp"

namespace rollcall {

/// Filters of one key are alternatives; those of different keys must all hold. They are parsed
/// once: the cost of an instance is bounded by its own size and core/budgets.hpp.
///
///     runtime=docker  state=running  health=unhealthy  group=shop
///     name=web        a part of the name; with * ? [ a pattern for the whole of it
///     label=k         has the label;      label=k=v    has it with this value
///     selector=a,!b   what core/selector.hpp reads; of several all must hold
class Filters {
 public:
  /// Errors: a sentence for the user, which says what would be right; also for too many.
  static std::expected<Filters, std::string> parse(std::span<const std::string> words);

  [[nodiscard]] bool matches(const Instance& instance) const;

  [[nodiscard]] bool empty() const noexcept { return empty_; }

 private:
  struct Texts {
    std::vector<std::string> plain{};
    std::vector<Glob> patterns{};

    void add(std::string word);
    [[nodiscard]] bool empty() const noexcept { return plain.empty() && patterns.empty(); }
  };
  struct LabelValues {
    bool any = false;
    std::vector<std::string> values{};  // sorted
  };

  std::expected<void, std::string> add_word(std::string_view word, std::size_t& pattern_bytes);
  void add(std::string_view key, std::string value);
  [[nodiscard]] bool name_matches(std::string_view name) const;
  [[nodiscard]] bool group_matches(const std::string& group) const;
  [[nodiscard]] bool a_label_matches(const Labels& labels) const;
  [[nodiscard]] bool runtime_matches(std::string_view backend) const;

  // A bit for each that is wanted; none: any.
  std::uint32_t runtimes_ = 0;
  std::uint32_t states_ = 0;
  std::uint32_t healths_ = 0;
  Texts names_;
  Texts groups_;  // its plain ones are sorted
  std::map<std::string, LabelValues, std::less<>> labels_;
  Selector selector_;
  bool empty_ = true;
};

}  // namespace rollcall
