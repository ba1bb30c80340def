#include <string>
#include <variant>

#include <rollcall/inventory.hpp>

#include "core/overloaded.hpp"
#include "engine/replace_at.hpp"

namespace rollcall {

void Inventory::apply(const RuntimeEvent& event) {
  std::visit(
      Overloaded{
          [this](const Started& e) { put(e.instance); },
          [this](const Updated& e) { put(e.instance); },
          [this](const Stopped& e) { erase(e.last->key); },
          [this](const BackendDisconnected& e) {
            disconnected_[{e.backend, e.endpoint}] = e.reason;
          },
          [this](const BackendReconnected& e) { disconnected_.erase({e.backend, e.endpoint}); },
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

std::string_view Inventory::stale_reason(std::string_view backend,
                                         std::string_view endpoint) const {
  const auto at = disconnected_.find({std::string(backend), std::string(endpoint)});
  return at == disconnected_.end() ? std::string_view() : at->second;
}

}  // namespace rollcall
