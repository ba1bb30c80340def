#include <type_traits>
#include <variant>

#include <rollcall/inventory.hpp>

namespace rollcall {

void Inventory::apply(const RuntimeEvent& event) {
  std::visit(
      [this]<class Event>(const Event& e) {
        if constexpr (std::is_same_v<Event, BackendDisconnected>) {
          disconnected_[e.backend] = e.reason;
        } else if constexpr (std::is_same_v<Event, BackendReconnected>) {
          disconnected_.erase(e.backend);
        } else if constexpr (std::is_same_v<Event, Stopped>) {
          instances_.erase(e.last->key);
        } else {
          instances_[e.instance->key] = e.instance;
        }
      },
      event);
}

InstancePtr Inventory::find(const InstanceKey& key) const {
  const auto at = instances_.find(key);
  return at == instances_.end() ? nullptr : at->second;
}

std::vector<InstancePtr> Inventory::list() const {
  std::vector<InstancePtr> all;
  all.reserve(instances_.size());
  for (const auto& [key, instance] : instances_) all.push_back(instance);
  return all;
}

std::string_view Inventory::stale_reason(std::string_view backend) const {
  const auto at = disconnected_.find(backend);
  return at == disconnected_.end() ? std::string_view() : at->second;
}

}  // namespace rollcall
