#include "core/filter.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <rollcall/config.hpp>

#include "core/suggest.hpp"

namespace rollcall {
namespace {

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != text.npos;
}

bool pattern_matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool name_matches(const Instance& instance, const std::string& value) {
  return is_pattern(value) ? pattern_matches(value, instance.name) : instance.name.contains(value);
}

bool group_matches(const Instance& instance, const std::string& value) {
  return is_pattern(value) ? pattern_matches(value, instance.group) : instance.group == value;
}

bool label_matches(const Instance& instance, const std::string& value) {
  const std::size_t equals = value.find('=');
  const auto found = instance.labels.find(std::string_view(value).substr(0, equals));
  if (!found) return false;
  return equals == std::string::npos || *found == std::string_view(value).substr(equals + 1);
}

bool runtime_matches(const Instance& instance, const std::string& value) {
  const auto kind = parse_kind(value);
  // LXD is of the runtime Incus, under a name of its own.
  return kind && parse_kind(instance.key.backend) == kind;
}

bool state_matches(const Instance& instance, const std::string& value) {
  return to_string(instance.state) == value;
}

bool health_matches(const Instance& instance, const std::string& value) {
  return to_string(instance.health) == value;
}

struct FilterKey {
  std::string_view name;
  bool (*matches)(const Instance&, const std::string&);
  std::vector<std::string> values;  // empty: any
};

const std::vector<FilterKey>& filter_keys() {
  static const std::vector<FilterKey> keys = {
      {"runtime",
       runtime_matches,
       {"docker", "podman", "systemd", "incus", "lxc", "lxd", "kubernetes", "k8s", "host"}},
      {"state",
       state_matches,
       {"running", "paused", "restarting", "reloading", "stopped", "unknown"}},
      {"health", health_matches, {"none", "starting", "healthy", "unhealthy"}},
      {"name", name_matches, {}},
      {"label", label_matches, {}},
      {"group", group_matches, {}},
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
  return fmt::format("cannot filter by '{}'{} (the keys are {})", name, suggestion(name, names),
                     fmt::join(names, ", "));
}

std::optional<std::string> wrong_value(const FilterKey& key, const std::string& value) {
  if (value.empty()) return fmt::format("the filter '{}=' needs a value", key.name);
  if (key.values.empty() || std::ranges::find(key.values, value) != key.values.end()) return {};
  return fmt::format("no {} is called '{}'{} (there are {})", key.name, value,
                     suggestion(value, key.values), fmt::join(key.values, ", "));
}

}  // namespace

std::expected<Filters, std::string> Filters::parse(std::span<const std::string> words) {
  Filters filters;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      return std::unexpected(
          fmt::format("the filter '{}' is not KEY=VALUE, such as name=web", word));
    }
    const FilterKey* key = find_key(std::string_view(word).substr(0, equals));
    if (key == nullptr) return std::unexpected(unknown_key(word.substr(0, equals)));
    std::string value = word.substr(equals + 1);
    if (auto error = wrong_value(*key, value)) return std::unexpected(std::move(*error));
    filters.values_[std::string(key->name)].push_back(std::move(value));
  }
  return filters;
}

bool Filters::matches(const Instance& instance) const {
  return std::ranges::all_of(values_, [&](const auto& entry) {
    const auto matches = find_key(entry.first)->matches;
    return std::ranges::any_of(entry.second,
                               [&](const std::string& value) { return matches(instance, value); });
  });
}

}  // namespace rollcall
