#include "support/checked_fold.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace rollcall::support {

void CheckedFold::apply(const RuntimeEvent& event) {
  std::visit([this](const auto& which) { check(which); }, event);
  events_.push_back(event);
}

void CheckedFold::check(const Started& event) {
  const auto& id = event.instance->key.id;
  check_cause(id, event.cause);
  if (!in_running_set(*event.instance)) breach(fmt::format("{} started, but does not run", id));
  if (!running_.emplace(id, event.instance).second) breach(fmt::format("{} started twice", id));
  running_[id] = event.instance;
}

void CheckedFold::check(const Updated& event) {
  const auto& id = event.instance->key.id;
  check_cause(id, event.cause);
  if (!in_running_set(*event.instance)) breach(fmt::format("{} was updated, but does not run", id));
  const auto known = running_.find(id);
  if (known == running_.end()) {
    breach(fmt::format("{} was updated before it started", id));
  } else if (same_content(*known->second, *event.instance)) {
    breach(fmt::format("{} was updated without a difference", id));
  }
  running_[id] = event.instance;
}

void CheckedFold::check(const Stopped& event) {
  check_cause(event.id, event.cause);
  const auto known = running_.find(event.id);
  if (event.last == nullptr) {
    breach(fmt::format("{} stopped without its last state", event.id));
  } else if (known != running_.end() && !same_content(*known->second, *event.last)) {
    breach(fmt::format("{} stopped with a last state that was never told", event.id));
  }
  if (known == running_.end()) {
    breach(fmt::format("{} stopped, but was not running", event.id));
  } else {
    running_.erase(known);
  }
}

void CheckedFold::check(const BackendDisconnected& event) {
  if (std::exchange(disconnected_, true)) breach("disconnected twice");
  if (event.reason.empty()) breach("disconnected without a reason");
  engine_ = {event.backend, event.endpoint};
}

void CheckedFold::check(const BackendReconnected& event) {
  if (!std::exchange(disconnected_, false)) {
    breach("reconnected without having been disconnected");
  } else if (engine_ != std::pair(event.backend, event.endpoint)) {
    breach("reconnected is not who was disconnected");
  }
}

void CheckedFold::check_cause(std::string_view id, Cause cause) {
  if (disconnected_ && cause == Cause::live)
    breach(fmt::format("a live event of {} while disconnected", id));
}

void CheckedFold::breach(std::string sentence) {
  breaches_.push_back(std::move(sentence));
}

InstancePtr CheckedFold::find(std::string_view name) const {
  for (const auto& [id, instance] : running_) {
    if (instance->name == name) return instance;
  }
  return nullptr;
}

std::string CheckedFold::history_of(std::string_view id) const {
  std::string result;
  for (const auto& event : events_) {
    const auto* key = key_of(event);
    if (key == nullptr || key->id != id) continue;
    if (!result.empty()) result += ' ';
    result += type_of(event);
  }
  return result;
}

std::size_t CheckedFold::count(std::string_view type) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      events_, [type](const RuntimeEvent& event) { return type_of(event) == type; }));
}

std::string transcript(const CheckedFold& fold) {
  std::string result;
  for (const auto& event : fold.events()) {
    const auto* key = key_of(event);
    result += fmt::format("  {} {}", type_of(event), key == nullptr ? "" : key->id.substr(0, 12));
    std::visit(
        [&result](const auto& which) {
          if constexpr (requires { which.cause; })
            result += fmt::format(" ({})", to_string(which.cause));
          if constexpr (requires { which.reason; }) result += ": " + which.reason;
          if constexpr (requires { which.instance; }) {
            result +=
                fmt::format(" {} {} {}", which.instance->name, to_string(which.instance->state),
                            to_string(which.instance->health));
          }
        },
        event);
    result += '\n';
  }
  return result;
}

}  // namespace rollcall::support
