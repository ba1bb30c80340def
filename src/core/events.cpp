#include <rollcall/event.hpp>

#include "core/text/words.hpp"

namespace rollcall {

// Uses get_if, because visit may throw.

const InstanceKey* key_of(const RuntimeEvent& event) noexcept {
  if (const auto* started = std::get_if<Started>(&event)) return &started->instance->key;
  if (const auto* updated = std::get_if<Updated>(&event)) return &updated->instance->key;
  if (const auto* stopped = std::get_if<Stopped>(&event)) return &stopped->last->key;
  return nullptr;
}

std::string_view type_of(const RuntimeEvent& event) noexcept {
  if (std::holds_alternative<Started>(event)) return "started";
  if (std::holds_alternative<Updated>(event)) return "updated";
  if (std::holds_alternative<Stopped>(event)) return "stopped";
  if (std::holds_alternative<BackendDisconnected>(event)) return "backend_disconnected";
  return "backend_reconnected";
}

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::initial:
      return "initial";
    case Cause::live:
      return "live";
    case Cause::resync:
      return "resync";
  }
  return no_such_word;
}

}  // namespace rollcall
