#include <type_traits>
#include <variant>

#include <rollcall/inventory.hpp>

#include "engine/replace_at.hpp"

namespace rollcall {

void Inventory::apply(const RuntimeEvent& event) {
  std::visit(
      [this]<class Event>(const Event& e) {
        if constexpr (std::is_same_v<Event, BackendDisconnected>) {
          disconnected_[e.backend] = e.reason;
        } else if constexpr (std::is_same_v<Event, BackendReconnected>) {
          disconnected_.erase(e.backend);
        } else if constexpr (std::is_same_v<Event, Stopped>) {
          erase(e.last->key);
        } else {
          put(e.instance);
        }
      },
      event);
}

InstancePtr Inventory::find(const InstanceKey& key) const {
  const auto at = instances_.find(key);
  return at == instances_.end() ? nullptr : *at;
}

void Inventory::put(const InstancePtr& instance) {
  const auto at = instances_.lower_bound(instance->key);
  if (at == instances_.end() || (*at)->key != instance->key) {
    instances_.insert(at, instance);
    return;
  }
  replace_at(instances_, at, instance);
}

void Inventory::erase(const InstanceKey& key) {
  const auto at = instances_.find(key);
  if (at != instances_.end()) instances_.erase(at);
}

std::vector<InstancePtr> Inventory::list() const {
  return {instances_.begin(), instances_.end()};
}

std::string_view Inventory::stale_reason(std::string_view backend) const {
  const auto at = disconnected_.find(backend);
  return at == disconnected_.end() ? std::string_view() : at->second;
}

}  // namespace rollcall
