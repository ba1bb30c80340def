#include "cli/remote/differences.hpp"

#include <iterator>
#include <utility>

namespace rollcall::cli {
namespace {

void append(std::vector<RuntimeEvent>& all, std::vector<RuntimeEvent> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<RuntimeEvent> differences(const std::vector<InstancePtr>& before,
                                      const std::vector<InstancePtr>& now, Cause cause) {
  std::vector<RuntimeEvent> stopped;
  std::vector<RuntimeEvent> updated;
  std::vector<RuntimeEvent> started;
  auto old = before.begin();
  const auto stop_before = [&](const InstanceKey* key) {
    for (; old != before.end() && (key == nullptr || (*old)->key < *key); ++old) {
      stopped.emplace_back(Stopped{(*old)->key.id, (*old)->name, *old, cause});
    }
  };
  for (const InstancePtr& instance : now) {
    stop_before(&instance->key);
    if (old == before.end() || (*old)->key != instance->key) {
      started.emplace_back(Started{instance, cause});
      continue;
    }
    if (!same_content(**old, *instance)) updated.emplace_back(Updated{instance, cause});
    ++old;
  }
  stop_before(nullptr);
  append(stopped, std::move(updated));
  append(stopped, std::move(started));
  return stopped;
}

}  // namespace rollcall::cli
