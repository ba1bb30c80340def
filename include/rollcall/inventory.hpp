// What is known to run: the fold of the events.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/event.hpp>

namespace rollcall {

/// Folds events into the set of what runs: Started and Updated put, Stopped erases.
///
/// Threads: none; one owner. What it hands out is shared and never changes, so it may be kept.
class Inventory {
 public:
  void apply(const RuntimeEvent& event);

  /// The instance, or null.
  [[nodiscard]] InstancePtr find(const InstanceKey& key) const;

  /// All instances, by key.
  [[nodiscard]] std::vector<InstancePtr> list() const;

  [[nodiscard]] std::size_t size() const noexcept { return instances_.size(); }

  /// Why the instances of an engine are stale; empty while it is connected.
  [[nodiscard]] std::string_view stale_reason(std::string_view backend,
                                              std::string_view endpoint) const;

 private:
  void put(const InstancePtr& instance);
  void erase(const InstanceKey& key);

  struct ByKey {
    using is_transparent = void;
    bool operator()(const InstancePtr& a, const InstancePtr& b) const { return a->key < b->key; }
    bool operator()(const InstancePtr& a, const InstanceKey& b) const { return a->key < b; }
    bool operator()(const InstanceKey& a, const InstancePtr& b) const { return a < b->key; }
  };

  std::set<InstancePtr, ByKey> instances_;             // each with its own key: none is kept twice
  using Engine = std::pair<std::string, std::string>;  // its backend and its endpoint
  std::map<Engine, std::string> disconnected_;         // -> the reason
};

}  // namespace rollcall
