#include "cli/find_instance.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "cli/view/instance_text.hpp"
#include "cli/view/table.hpp"
#include "core/json/json.hpp"
#include "core/text/ascii.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

using Rule = bool (*)(const Instance& instance, std::string_view word);

bool is_in_group(const Instance& instance, std::string_view word) {
  const auto is = [&](std::string_view name) {
    return !instance.group.empty() && !name.empty() &&
           word == fmt::format("{}/{}", instance.group, name);
  };
  return is(instance.name) || is(instance.service);
}

constexpr std::array<Rule, 6> rules{
    [](const Instance& i, std::string_view word) { return i.key.id == word; },
    [](const Instance& i, std::string_view word) { return i.name == word; },
    is_in_group,
    [](const Instance& i, std::string_view word) {
      return i.metadata && i.metadata->name && i.metadata->name->value == word;
    },
    [](const Instance& i, std::string_view word) { return i.key.id.starts_with(word); },
    [](const Instance& i, std::string_view word) { return lower_case(i.name) == lower_case(word); },
};

}  // namespace

std::vector<InstancePtr> find_instances(std::span<const InstancePtr> all, std::string_view word) {
  std::vector<InstancePtr> found;
  if (word.empty()) return found;
  for (const Rule rule : rules) {
    std::ranges::copy_if(all, std::back_inserter(found),
                         [&](const InstancePtr& instance) { return rule(*instance, word); });
    if (!found.empty()) break;
  }
  return found;
}

std::string nothing_found(std::span<const InstancePtr> all, const std::string& word) {
  std::vector<std::string> names;
  for (const InstancePtr& instance : all) names.push_back(printable(instance->name));
  return fmt::format("there is no '{}'{}", printable(word), suggestion(word, names));
}

std::string candidates_table(std::span<const InstancePtr> candidates, std::size_t width,
                             bool colour) {
  Table table{.columns = {{"ID"}, {"NAME"}, {"RUNTIME"}, {"STATE"}, {"GROUP"}, {"ENDPOINT"}},
              .rows = {}};
  for (const InstancePtr& instance : candidates) {
    table.rows.push_back({{printable(short_id(instance->key.id))},
                          {or_dash(instance->name), Style::bold},
                          {printable(instance->key.backend)},
                          {state_text(*instance), state_style(*instance)},
                          {or_dash(instance->group)},
                          {printable(instance->key.endpoint)}});
  }
  return render_table(table, width, colour);
}

json::object candidates_json(std::span<const InstancePtr> candidates) {
  json::array all;
  for (const InstancePtr& instance : candidates) {
    const json::object whole = to_json(*instance);
    json::object one;
    for (const std::string_view key : {"key", "name", "state"}) {
      if (const json::value* value = whole.if_contains(key)) one[key] = *value;
    }
    all.emplace_back(std::move(one));
  }
  return {{"candidates", std::move(all)}};
}

}  // namespace rollcall::cli
