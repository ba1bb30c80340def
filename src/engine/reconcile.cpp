#include "engine/reconcile.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace rollcall {
namespace {

bool run_ended(const Known& known, const Instance& now, std::optional<Timestamp> ended_at) {
  const std::string& before = known.told->run;
  if (!before.empty() && !now.run.empty()) return before != now.run;
  // One that the engine is about to start again is still of the running set: that is an update.
  return ended_at && *ended_at > known.as_of && now.state != InstanceState::restarting;
}

Difference stop(const Known& known, Cause cause) {
  const InstancePtr& last = known.told;
  return {Stopped{last->key.id, last->name, last, cause}, last};
}

int order_of(const RuntimeEvent& event) {
  if (std::holds_alternative<Stopped>(event)) return 0;
  return std::holds_alternative<Updated>(event) ? 1 : 2;
}

}  // namespace

std::vector<Difference> reconcile_one(const Known* known, const InstancePtr& now,
                                      std::optional<Timestamp> ended_at, Cause cause) {
  const bool runs = now && in_running_set(*now);
  if (!known) {
    if (!runs) return {};
    return {{Started{now, cause}, nullptr}};
  }
  if (!runs) return {stop(*known, cause)};
  if (run_ended(*known, *now, ended_at)) {
    return {stop(*known, cause), {Started{now, cause}, nullptr}};
  }
  if (same_content(*known->told, *now)) return {};
  return {{Updated{now, cause}, known->told}};
}

std::vector<Difference> reconcile(const KnownById& known, const Snapshot& snapshot,
                                  const RunEnds& ends, Cause cause) {
  std::vector<Difference> all;
  std::set<std::string_view> listed;
  const auto add = [&all](std::vector<Difference> found) {
    std::move(found.begin(), found.end(), std::back_inserter(all));
  };
  for (const Reading& reading : snapshot.readings) {
    const std::string& id = reading.instance->key.id;
    listed.insert(id);
    const auto before = known.find(id);
    const auto end = ends.find(id);
    add(reconcile_one(before == known.end() ? nullptr : &before->second, reading.instance,
                      end == ends.end() ? std::nullopt : std::optional(end->second), cause));
  }
  for (const auto& [id, entry] : known) {
    if (!listed.contains(id)) add({stop(entry, cause)});
  }
  std::ranges::sort(all, {}, [](const Difference& difference) {
    return std::tuple<int, const InstanceKey&>(order_of(difference.event),
                                               *key_of(difference.event));
  });
  return all;
}

void apply(KnownById& known, const Difference& difference, Timestamp as_of) {
  if (const auto* stopped = std::get_if<Stopped>(&difference.event)) {
    known.erase(stopped->id);
  } else if (const auto* started = std::get_if<Started>(&difference.event)) {
    known[started->instance->key.id] = Known{started->instance, as_of};
  } else {
    const auto& updated = std::get<Updated>(difference.event);
    known[updated.instance->key.id].told = updated.instance;
  }
}

}  // namespace rollcall
