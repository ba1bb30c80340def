#include "backends/incus/events.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <simdjson.h>

#include "backends/incus/decode.hpp"
#include "core/json/json_walk.hpp"
#include "core/text/text.hpp"

namespace rollcall::incus {
namespace {

using json_walk::each_field;
using json_walk::take_text;
using json_walk::tolerate;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

// The fields of an event. One that is missing or of the wrong type stays empty.
struct EventFields {
  std::string_view type;
  std::string_view timestamp;
  std::string_view project;
  std::string_view action;
  std::string_view source;
  std::string_view name;      // Incus alone tells it
  std::string_view old_name;  // of one that was renamed
};

error_code read_metadata_of(Value value, EventFields& event) {
  return tolerate(each_field(value, [&event](std::string_view key, Value child) {
    if (key == "action") return take_text(child, event.action);
    if (key == "source") return take_text(child, event.source);
    if (key == "name") return take_text(child, event.name);
    if (key != "context") return simdjson::SUCCESS;
    return tolerate(each_field(child, [&event](std::string_view word, Value it) {
      return word == "old_name" ? take_text(it, event.old_name) : simdjson::SUCCESS;
    }));
  }));
}

error_code read_field(EventFields& event, std::string_view key, Value value) {
  if (key == "type") return take_text(value, event.type);
  if (key == "timestamp") return take_text(value, event.timestamp);
  if (key == "project") return take_text(value, event.project);
  if (key == "metadata") return read_metadata_of(value, event);
  return simdjson::SUCCESS;
}

enum class Meaning : std::uint8_t { nothing, began, ended, changed, gone, renamed, unknown };

struct Row {
  std::string_view action;  // without "instance-"
  Meaning meaning;
};

// The event map in README.md.
constexpr auto instance_actions = std::to_array<Row>({
    {"started", Meaning::began},         {"restarted", Meaning::began},
    {"restored", Meaning::began},        {"resumed", Meaning::began},
    {"migrated", Meaning::began},        {"stopped", Meaning::ended},
    {"shutdown", Meaning::ended},        {"deleted", Meaning::gone},
    {"renamed", Meaning::renamed},       {"paused", Meaning::changed},
    {"updated", Meaning::changed},       {"ready", Meaning::changed},
    {"agent-started", Meaning::changed}, {"agent-stopped", Meaning::changed},
    {"created", Meaning::nothing},       {"rebuilt", Meaning::nothing},
    {"exec", Meaning::nothing},          {"console", Meaning::nothing},
    {"console-reset", Meaning::nothing}, {"console-retrieved", Meaning::nothing},
});

// Parts of an instance that have actions of their own.
constexpr std::array<std::string_view, 5> belongings = {"snapshot-", "backup-", "file-", "log-",
                                                        "metadata-"};

Meaning meaning_of(std::string_view action) {
  for (const std::string_view belonging : belongings) {
    if (action.starts_with(belonging)) return Meaning::nothing;
  }
  const auto* row = std::ranges::find(instance_actions, action, &Row::action);
  return row == instance_actions.end() ? Meaning::unknown : row->meaning;
}

/// Turns "instance-started" into "started"; nullopt if the action is not about an instance. Engines
/// before LXD 4.0 use other prefixes for containers and virtual machines.
std::optional<std::string_view> action_on_instance(std::string_view action) {
  constexpr std::array<std::string_view, 3> kinds = {"instance-", "container-", "virtual-machine-"};
  for (const std::string_view kind : kinds) {
    if (action.starts_with(kind)) return action.substr(kind.size());
  }
  return std::nullopt;
}

/// Parses "/1.0/instances/web%201?project=p1" into the name and, if it is there, the project.
std::optional<std::pair<std::string, std::string>> parse_source(std::string_view source) {
  const auto url = boost::urls::parse_relative_ref(source);
  if (!url || url->segments().size() < 3) return std::nullopt;
  auto segment = url->segments().begin();
  std::string name = *std::next(segment, 2);
  const auto project = url->params().find("project");
  return std::pair(std::move(name),
                   project == url->params().end() ? std::string() : (*project).value);
}

// Actions on a cluster member: its instances have moved, or it has another name.
constexpr std::array<std::string_view, 5> moves_of_instances = {
    "cluster-member-evacuated", "cluster-member-healed", "cluster-member-removed",
    "cluster-member-renamed", "cluster-member-restored"};

/// The change for an action on another object that may affect instances.
std::optional<Change> change_of_others(std::string_view action) {
  if (action.starts_with("network-forward-"))
    return ResyncNeeded{"the forwards of a network changed"};
  if (action == "project-renamed") return ResyncNeeded{"a project was renamed"};
  if (std::ranges::find(moves_of_instances, action) != moves_of_instances.end()) {
    return ResyncNeeded{"the members of the cluster changed"};
  }
  return std::nullopt;
}

/// What an event with this meaning, of the instance of this id, changes.
void add_changes(Meaning meaning, const EventFields& event, const std::string& id,
                 DecodedEvent& decoded) {
  const Timestamp at = parse_rfc3339(event.timestamp).value_or(Timestamp{});
  const auto touch = [&](RunMark mark) {
    decoded.changes.emplace_back(Touched{.id = id, .at = at, .mark = mark});
  };
  switch (meaning) {
    case Meaning::nothing:
      return;
    case Meaning::unknown:
      decoded.unknown_action = event.action;
      [[fallthrough]];
    case Meaning::began:
      return touch(RunMark::began);
    case Meaning::ended:
      return touch(RunMark::ended);
    case Meaning::changed:
      return touch(RunMark::changed);
    case Meaning::renamed:
      touch(RunMark::began);
      if (event.old_name.empty()) return;
      decoded.changes.emplace_back(Gone{.id = id_of(decoded.project, event.old_name), .at = at});
      return;
    case Meaning::gone:
      // Gone is ordered by its time, so an event without one only asks for a reading.
      if (at == Timestamp{}) return touch(RunMark::ended);
      decoded.changes.emplace_back(Gone{.id = id, .at = at});
      return;
  }
}

void interpret_instance(const EventFields& event, std::string_view action, DecodedEvent& decoded) {
  const auto source = parse_source(event.source);
  const std::string name = !event.name.empty() ? std::string(event.name)
                           : source            ? source->first
                                               : std::string();
  if (decoded.project.empty() && source) decoded.project = source->second;
  if (decoded.project.empty()) decoded.project = "default";
  const Meaning meaning = meaning_of(action);
  if (meaning == Meaning::nothing) return;
  if (name.empty()) {
    decoded.changes.emplace_back(
        ResyncNeeded{"the engine told an event of an instance without its name"});
    return;
  }
  add_changes(meaning, event, id_of(decoded.project, name), decoded);
}

DecodedEvent interpret(const EventFields& event) {
  DecodedEvent decoded;
  decoded.project = event.project;
  if (event.type != "lifecycle" && !event.type.empty()) return decoded;
  if (event.type.empty() || event.action.empty()) {
    decoded.changes.emplace_back(ResyncNeeded{"the engine told an event without its action"});
  } else if (const auto action = action_on_instance(event.action)) {
    interpret_instance(event, *action, decoded);
  } else if (auto change = change_of_others(event.action)) {
    decoded.changes.push_back(std::move(*change));
  }
  return decoded;
}

}  // namespace

struct EventDecoder::Parser {
  json_walk::ObjectReader reader;
};

EventDecoder::EventDecoder() : parser_(std::make_unique<Parser>()) {}

EventDecoder::~EventDecoder() = default;

Result<DecodedEvent> EventDecoder::decode(std::string_view message) {
  EventFields event;
  const error_code error = parser_->reader.read(
      message,
      [&event](std::string_view key, Value value) { return read_field(event, key, value); });
  if (error) return json_walk::not_an_object("the engine's event", message, error);
  return interpret(event);
}

}  // namespace rollcall::incus
