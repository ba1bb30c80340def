#include "server/api/selection.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/json.hpp"
#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"
#include "core/text/words.hpp"

namespace rollcall::server {
namespace {

constexpr auto filter_names = std::to_array<std::string_view>(
    {"runtime", "state", "health", "name", "group", "label", "selector"});

constexpr std::array fields = {
    Field{"key", "object", "Identifies it: backend, endpoint, id"},
    Field{"name", "string", "What the engine calls it"},
    Field{"kind", "string", "container, vm, pod, service or process"},
    Field{"state", "string", "running, paused, restarting, reloading, stopped or unknown"},
    Field{"health", "string", "starting, healthy or unhealthy; absent: there is no check"},
    Field{"network_mode", "string", "host, none or joined; absent: its own network"},
    Field{"network_owner", "string", "The id of the instance whose network it uses"},
    Field{"reason", "string", "Why it is in this state"},
    Field{"image", "string", "What it was made from"},
    Field{"group", "string", "Compose project, namespace, Incus project, slice"},
    Field{"service", "string", "What in its group it is a replica of"},
    Field{"node", "string", "The machine of a cluster"},
    Field{"addresses", "array", "Its addresses, each with its network"},
    Field{"ports", "array", "What it serves, and where that is published"},
    Field{"labels", "object", "Its labels; those that look secret are masked"},
    Field{"metadata", "object", "What labels ask for, each value with its source"},
    Field{"description", "string", "What its definition calls it"},
    Field{"definition", "string", "The file that defines it"},
    Field{"user", "string", "Whom it runs as"},
    Field{"command", "array", "Its arguments; those that look secret are masked"},
    Field{"pid", "integer", "Its main process"},
    Field{"restarts", "integer", "How often its manager started it again"},
    Field{"problems", "array", "What could not be read or understood"},
    Field{"created_at", "string", "RFC 3339, UTC"},
    Field{"started_at", "string", "RFC 3339, UTC"},
    Field{"discovered_at", "string", "RFC 3339, UTC: when it was first read"},
};

InstancePtr after(const RuntimeEvent& event) {
  if (const auto* started = std::get_if<Started>(&event)) return started->instance;
  if (const auto* updated = std::get_if<Updated>(&event)) return updated->instance;
  if (const auto* stopped = std::get_if<Stopped>(&event)) return stopped->last;
  return nullptr;
}

}  // namespace

std::vector<Parameter> selection_parameters() {
  return {
      {.name = "runtime",
       .description = "Only what this runtime runs",
       .example = "docker",
       .values = all_runtime_words(),
       .repeatable = true},
      {.name = "state",
       .description = "Only what is in this state",
       .example = "running",
       .values = words_of<InstanceState>(),
       .repeatable = true},
      {.name = "health",
       .description = "Only what is of this health",
       .example = "unhealthy",
       .values = words_of<Health>(),
       .repeatable = true},
      {.name = "name",
       .description = "A part of the name; with * ? [ a pattern for the whole of it",
       .example = "web",
       .repeatable = true},
      {.name = "group",
       .description = "Compose project, namespace, Incus project, slice; may be a pattern",
       .example = "shop",
       .repeatable = true},
      {.name = "label",
       .description = "Has the label, or has it with this value",
       .example = "tier=front",
       .repeatable = true},
      {.name = "selector",
       .description =
           "A label selector in the grammar of Kubernetes; all that it asks for must hold",
       .example = "app in (web,api),tier!=test,!canary,size>1",
       .repeatable = true},
  };
}

std::expected<Selection, std::string> Selection::of(const Question& question) {
  std::vector<std::string> words;
  for (const std::string_view name : filter_names) {
    for (const std::string& value : question.all(name)) {
      words.push_back(fmt::format("{}={}", name, value));
    }
  }
  Selection selection;
  auto filters = Filters::parse(words);
  if (!filters) return std::unexpected(std::move(filters.error()));
  selection.filters_ = std::move(*filters);
  return selection;
}

bool Selection::matches(const Instance& instance) const {
  return filters_.matches(instance);
}

bool Selection::wants(const LogEntry& entry) const {
  if (empty()) return true;
  const InstancePtr now = after(entry.event);
  if (!now || matches(*now)) return true;
  return entry.before && matches(*entry.before);
}

std::span<const Field> instance_fields() {
  return fields;
}

std::expected<Fields, std::string> Fields::of(const Question& question) {
  Fields wanted;
  wanted.names_.insert("key");
  std::vector<std::string> known;
  for (const Field& field : fields) known.emplace_back(field.name);
  for (const std::string& list : question.all("fields")) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string name(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const auto at = std::ranges::find(known, name);
      if (at == known.end()) {
        return std::unexpected(fmt::format("there is no field '{}'{} (there are {})", excerpt(name),
                                           suggestion(name, known), fmt::join(known, ", ")));
      }
      wanted.asked_ = true;
      wanted.names_.insert(fields.at(static_cast<std::size_t>(at - known.begin())).name);
    }
  }
  return wanted;
}

void Fields::append(std::string& out, const Instance& instance) const {
  append_json(out, instance, names_);
}

}  // namespace rollcall::server
