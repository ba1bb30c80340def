#include "core/filter.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rollcall/config.hpp>

#include "core/budgets.hpp"
#include "core/deduplicate.hpp"
#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"
#include "core/text/words.hpp"

namespace rollcall {
namespace {

constexpr std::string_view selector_key = "selector";
constexpr std::string_view selector_word = "selector=";

/// A key, and the values that it allows; none: any value.
struct FilterKey {
  std::string_view name;
  std::vector<std::string> values;
};

const std::vector<FilterKey>& filter_keys() {
  static const std::vector<FilterKey> keys = {
      {"runtime", all_runtime_words()},
      {"state", words_of<InstanceState>()},
      {"health", words_of<Health>()},
      {"name", {}},
      {"label", {}},
      {"group", {}},
      {selector_key, {}},
  };
  return keys;
}

const FilterKey* find_key(std::string_view name) {
  const auto at = std::ranges::find(filter_keys(), name, &FilterKey::name);
  return at == filter_keys().end() ? nullptr : &*at;
}

std::string unknown_key(std::string_view name) {
  std::vector<std::string> names;
  for (const FilterKey& key : filter_keys()) names.emplace_back(key.name);
  return fmt::format("cannot filter by '{}'{} (the keys are {})", excerpt(name),
                     suggestion(name, names), fmt::join(names, ", "));
}

std::optional<std::string> wrong_value(const FilterKey& key, const std::string& value) {
  if (value.empty()) return fmt::format("the filter '{}=' needs a value", key.name);
  if (key.name == "label" && value.starts_with('=')) {
    return fmt::format("the filter 'label={}' names no label: write label=KEY or label=KEY=VALUE",
                       excerpt(value));
  }
  if (key.values.empty() || std::ranges::find(key.values, value) != key.values.end()) return {};
  return fmt::format("no {} is called '{}'{} (there are {})", key.name, excerpt(value),
                     suggestion(value, key.values), fmt::join(key.values, ", "));
}

/// One bit for each value of an enumeration.
template <class Enum>
std::uint32_t bit(Enum value) {
  return std::uint32_t{1} << static_cast<unsigned>(value);
}

/// The bit of the value with this word, which must exist.
template <class Enum>
std::uint32_t bit_of(std::string_view word) {
  for (unsigned i = 0;; ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return bit(static_cast<Enum>(i));
  }
}

/// Glibc's memmem is linear; std::string's search is not.
bool contains(std::string_view text, std::string_view part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

void Filters::Texts::add(std::string word) {
  if (Glob::is_pattern(word)) {
    patterns.emplace_back(word);
  } else {
    plain.push_back(std::move(word));
  }
}

void Filters::add(std::string_view key, std::string value) {
  if (key == "runtime") runtimes_ |= bit(*parse_kind(value));
  if (key == "state") states_ |= bit_of<InstanceState>(value);
  if (key == "health") healths_ |= bit_of<Health>(value);
  if (key == "name") return names_.add(std::move(value));
  if (key == "group") return groups_.add(std::move(value));
  if (key != "label") return;
  const std::size_t equals = std::min(value.find('='), value.size());
  LabelValues& label = labels_[value.substr(0, equals)];
  if (equals == value.size()) {
    label.any = true;
  } else {
    label.values.push_back(value.substr(equals + 1));
  }
}

std::expected<void, std::string> Filters::add_word(std::string_view word,
                                                   std::size_t& pattern_bytes) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) {
    return std::unexpected(
        fmt::format("the filter '{}' is not KEY=VALUE, such as name=web", excerpt(word)));
  }
  const FilterKey* key = find_key(word.substr(0, equals));
  if (key == nullptr) return std::unexpected(unknown_key(word.substr(0, equals)));
  std::string value(word.substr(equals + 1));
  if (key->name == selector_key) return selector_.add(value);
  if (auto error = wrong_value(*key, value)) return std::unexpected(std::move(*error));
  if (Glob::is_pattern(value)) pattern_bytes += value.size();
  if (pattern_bytes > budget::filter_pattern_bytes) {
    return std::unexpected(
        fmt::format("all patterns together may have {} bytes: write shorter "
                    "ones, or fewer",
                    budget::filter_pattern_bytes));
  }
  add(key->name, std::move(value));
  return {};
}

std::expected<Filters, std::string> Filters::parse(std::span<const std::string> words) {
  const std::set<std::string_view> distinct(words.begin(), words.end());
  // Selectors have bounds of their own.
  const auto counted = std::ranges::count_if(
      distinct, [](std::string_view word) { return !word.starts_with(selector_word); });
  if (std::cmp_greater(counted, budget::filter_words)) {
    return std::unexpected(
        fmt::format("there are {} filters, and {} are as many as there may be: "
                    "a pattern may stand for several",
                    counted, budget::filter_words));
  }
  Filters filters;
  std::size_t pattern_bytes = 0;
  for (const std::string_view word : distinct) {
    auto added = filters.add_word(word, pattern_bytes);
    if (!added) return std::unexpected(std::move(added.error()));
  }
  sort_and_deduplicate(filters.groups_.plain);
  for (auto& [key, label] : filters.labels_) sort_and_deduplicate(label.values);
  filters.empty_ = counted == 0 && filters.selector_.empty();
  return filters;
}

bool Filters::name_matches(std::string_view name) const {
  return std::ranges::any_of(names_.plain,
                             [&](const std::string& part) { return contains(name, part); }) ||
         std::ranges::any_of(names_.patterns,
                             [&](const Glob& pattern) { return pattern.matches(name); });
}

bool Filters::group_matches(const std::string& group) const {
  return std::ranges::binary_search(groups_.plain, group) ||
         std::ranges::any_of(groups_.patterns,
                             [&](const Glob& pattern) { return pattern.matches(group); });
}

/// Both are sorted by key, so one pass is enough.
bool Filters::a_label_matches(const Labels& labels) const {
  auto wanted = labels_.begin();
  for (const auto& [key, value] : labels) {
    while (wanted != labels_.end() && wanted->first < key) ++wanted;
    if (wanted == labels_.end()) return false;
    if (wanted->first != key) continue;
    const LabelValues& of = wanted->second;
    if (of.any || std::ranges::binary_search(of.values, value)) return true;
  }
  return false;
}

bool Filters::runtime_matches(std::string_view backend) const {
  // LXD belongs to the runtime Incus, but has a name of its own.
  const auto kind = parse_kind(backend);
  return kind && (runtimes_ & bit(*kind)) != 0;
}

bool Filters::matches(const Instance& instance) const {
  return (states_ == 0 || (states_ & bit(instance.state)) != 0) &&
         (healths_ == 0 || (healths_ & bit(instance.health)) != 0) &&
         (runtimes_ == 0 || runtime_matches(instance.key.backend)) &&
         (names_.empty() || name_matches(instance.name)) &&
         (groups_.empty() || group_matches(instance.group)) &&
         (labels_.empty() || a_label_matches(instance.labels)) &&
         selector_.matches(instance.labels);
}

}  // namespace rollcall
