#include "cli/duplicates.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rollcall::cli {

void keep_first_of_each(std::vector<InstancePtr>& instances) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::erase_if(instances, [&seen](const InstancePtr& instance) {
    if (instance->kind != InstanceKind::container) return false;
    return !seen.emplace(instance->key.backend, instance->key.id).second;
  });
}

bool Repetitions::repeats(const RuntimeEvent& event, const Inventory& known) {
  const InstanceKey* key = key_of(event);
  if (key == nullptr) return false;
  const auto* started = std::get_if<Started>(&event);
  // Of one whose start was left out, all is.
  if (started == nullptr) return !known.find(*key);
  const bool elsewhere = std::ranges::any_of(endpoints_, [&](const std::string& endpoint) {
    return endpoint != key->endpoint && known.find({key->backend, endpoint, key->id});
  });
  if (elsewhere && started->instance->kind == InstanceKind::container) return true;
  endpoints_.insert(key->endpoint);
  return false;
}

}  // namespace rollcall::cli
