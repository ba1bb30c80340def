// What the files of the merger share.
#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/merger.hpp"
#include "engine/replace_at.hpp"

namespace rollcall::merged_sets {

inline bool same_instance(const Instance& a, const Instance& b) {
  return a.key.backend == b.key.backend && a.key.id == b.key.id;
}

inline int order_of(const RuntimeEvent& event) {
  if (std::holds_alternative<Stopped>(event)) return 0;
  return std::holds_alternative<Updated>(event) ? 1 : 2;
}

/// Sorts events into the order in which a reconciliation sends them.
inline void sort(std::vector<MergedEvent>& events) {
  std::ranges::sort(events, {}, [](const MergedEvent& merged) {
    return std::tuple<int, const InstanceKey&>(order_of(merged.event), *key_of(merged.event));
  });
}

template <class Set>
InstancePtr take_out(Set& from, std::string_view id) {
  const auto at = from.find(id);
  if (at == from.end()) return nullptr;
  InstancePtr instance = *at;
  from.erase(at);
  return instance;
}

/// Inserts an instance, or replaces the one with the same id.
template <class Set>
void replace(Set& in, InstancePtr instance) {
  const auto at = in.find(std::string_view(instance->key.id));
  if (at == in.end()) {
    in.insert(std::move(instance));
  } else {
    replace_at(in, at, std::move(instance));
  }
}

}  // namespace rollcall::merged_sets
