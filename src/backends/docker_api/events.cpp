#include "backends/docker_api/events.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <simdjson.h>

#include "core/json/json_walk.hpp"

namespace rollcall::docker_api {
namespace {

using json_walk::each_field;
using json_walk::take_text;
using json_walk::tolerate;
using simdjson::error_code;
using Value = simdjson::ondemand::value;

// The fields of an event. One that is missing or of the wrong type stays empty.
struct EventFields {
  std::string_view type;
  std::string_view action;
  std::string_view actor;      // Actor.ID
  std::string_view container;  // Actor.Attributes.container
  std::string_view status;     // the action, before API 1.52
  std::string_view id;         // the container, before API 1.52
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
};

error_code integer(Value value, std::int64_t& out) {
  return tolerate(json_walk::read_integer(value, out));
}

error_code read_actor(Value value, EventFields& event) {
  return tolerate(each_field(value, [&event](std::string_view key, Value child) {
    if (key == "ID") return take_text(child, event.actor);
    if (key != "Attributes") return simdjson::SUCCESS;
    return tolerate(each_field(child, [&event](std::string_view attribute, Value attribute_value) {
      return attribute == "container" ? take_text(attribute_value, event.container)
                                      : simdjson::SUCCESS;
    }));
  }));
}

error_code read_field(EventFields& event, std::string_view key, Value value) {
  if (key == "Type") return take_text(value, event.type);
  if (key == "Action") return take_text(value, event.action);
  if (key == "Actor") return read_actor(value, event);
  if (key == "status") return take_text(value, event.status);
  if (key == "id") return take_text(value, event.id);
  if (key == "time") return integer(value, event.seconds);
  if (key == "timeNano") return integer(value, event.nanoseconds);
  return simdjson::SUCCESS;
}

enum class Meaning : std::uint8_t { nothing, began, ended, changed, gone, unknown };

struct Row {
  std::string_view action;
  Meaning meaning;
};

// The event map in README.md.
constexpr auto container_actions = std::to_array<Row>({
    {"start", Meaning::began},
    {"restore", Meaning::began},
    {"die", Meaning::ended},
    {"died", Meaning::ended},
    {"destroy", Meaning::gone},
    {"remove", Meaning::gone},
    {"stop", Meaning::changed},
    {"cleanup", Meaning::changed},
    {"restart", Meaning::nothing},
    {"pause", Meaning::changed},
    {"unpause", Meaning::changed},
    {"rename", Meaning::changed},
    {"update", Meaning::changed},
    {"health_status", Meaning::changed},
    {"archive-path", Meaning::nothing},
    {"attach", Meaning::nothing},
    {"checkpoint", Meaning::nothing},
    {"commit", Meaning::nothing},
    {"copy", Meaning::nothing},
    {"create", Meaning::nothing},
    {"detach", Meaning::nothing},
    {"exec", Meaning::nothing},
    {"exec_create", Meaning::nothing},
    {"exec_detach", Meaning::nothing},
    {"exec_die", Meaning::nothing},
    {"exec_died", Meaning::nothing},
    {"exec_start", Meaning::nothing},
    {"export", Meaning::nothing},
    {"extract-to-dir", Meaning::nothing},
    {"init", Meaning::nothing},
    {"kill", Meaning::nothing},
    {"mount", Meaning::nothing},
    {"oom", Meaning::nothing},
    {"prune", Meaning::nothing},
    {"resize", Meaning::nothing},
    {"sync", Meaning::nothing},
    {"top", Meaning::nothing},
    {"unmount", Meaning::nothing},
});

Meaning meaning_of(std::string_view action) {
  // "health_status: healthy", "exec_create: sh -c true"
  const std::string_view word = action.substr(0, action.find(':'));
  const auto* row = std::ranges::find(container_actions, word, &Row::action);
  return row == container_actions.end() ? Meaning::unknown : row->meaning;
}

// Engines before API 1.22 sent no type; these are their image actions.
bool is_image_action(std::string_view action) {
  constexpr std::array<std::string_view, 8> words{"delete", "import", "load", "pull",
                                                  "push",   "save",   "tag",  "untag"};
  return std::ranges::find(words, action) != words.end();
}

Timestamp time_of(const EventFields& event) {
  constexpr std::int64_t latest =
      std::chrono::floor<std::chrono::seconds>(Timestamp::max()).time_since_epoch().count();
  if (event.nanoseconds > 0) return Timestamp(std::chrono::nanoseconds(event.nanoseconds));
  if (event.seconds <= 0 || event.seconds > latest) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(event.seconds));
}

Change touch(std::string_view id, Timestamp at, RunMark mark) {
  if (id.empty()) return ResyncNeeded{"the engine told an event of a container without its id"};
  return Touched{.id = std::string(id), .at = at, .mark = mark};
}

void interpret_container(const EventFields& event, DecodedEvent& decoded) {
  const std::string_view action = event.action.empty() ? event.status : event.action;
  const std::string_view id = event.actor.empty() ? event.id : event.actor;
  switch (meaning_of(action)) {
    case Meaning::nothing:
      return;
    case Meaning::began:
      decoded.change = touch(id, decoded.at, RunMark::began);
      return;
    case Meaning::ended:
      decoded.change = touch(id, decoded.at, RunMark::ended);
      return;
    case Meaning::unknown:
      decoded.unknown_action = true;
      [[fallthrough]];
    case Meaning::changed:
      decoded.change = touch(id, decoded.at, RunMark::changed);
      return;
    case Meaning::gone:
      decoded.change = touch(id, decoded.at, RunMark::ended);
      if (!id.empty()) decoded.change = Gone{.id = std::string(id), .at = decoded.at};
      return;
  }
}

void interpret_network(const EventFields& event, DecodedEvent& decoded) {
  const std::string_view action = event.action.empty() ? event.status : event.action;
  if (action != "connect" && action != "disconnect") return;
  // In Docker the actor is the network, in Podman the container.
  const std::string_view id = event.container.empty() ? event.actor : event.container;
  decoded.change = touch(id, decoded.at, RunMark::changed);
}

DecodedEvent interpret(const EventFields& event) {
  DecodedEvent decoded{.at = time_of(event), .change = std::nullopt};
  const bool untyped = event.type.empty() && !event.status.empty();
  if (event.type == "container" || (untyped && !is_image_action(event.status))) {
    interpret_container(event, decoded);
  } else if (event.type == "network") {
    interpret_network(event, decoded);
  } else if (event.type.empty() && !untyped) {
    decoded.change = ResyncNeeded{"the engine told an event without its type"};
  }
  return decoded;
}

}  // namespace

struct EventDecoder::Parser {
  json_walk::ObjectReader reader;
};

EventDecoder::EventDecoder() : parser_(std::make_unique<Parser>()) {}

EventDecoder::~EventDecoder() = default;

Result<DecodedEvent> EventDecoder::decode(std::string_view item) {
  EventFields event;
  const error_code error = parser_->reader.read(
      item, [&event](std::string_view key, Value value) { return read_field(event, key, value); });
  if (error) return json_walk::not_an_object("the engine's event", item, error);
  return interpret(event);
}

}  // namespace rollcall::docker_api
