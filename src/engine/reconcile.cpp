#include "engine/reconcile.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "engine/replace_at.hpp"

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

const Known* KnownById::find(std::string_view id) const {
  const auto at = all_.find(id);
  return at == all_.end() ? nullptr : &*at;
}

void KnownById::put(Known known) {
  // Lists come by id, so the end is mostly the right place.
  const std::size_t before = all_.size();
  const auto at = all_.insert(all_.end(), known);
  if (all_.size() == before) replace_at(all_, at, std::move(known));
}

void KnownById::erase(std::string_view id) {
  const auto at = all_.find(id);
  if (at != all_.end()) all_.erase(at);
}

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
    std::ranges::move(found, std::back_inserter(all));
  };
  for (const Reading& reading : snapshot.readings) {
    const std::string& id = reading.instance->key.id;
    listed.insert(id);
    const auto end = ends.find(id);
    // Of an end after the snapshot was asked for, it cannot show what came next: that is read
    // again.
    const bool settled = end != ends.end() && end->second <= snapshot.taken_at;
    add(reconcile_one(known.find(id), reading.instance,
                      settled ? std::optional(end->second) : std::nullopt, cause));
  }
  for (const Known& entry : known) {
    if (!listed.contains(entry.told->key.id)) add({stop(entry, cause)});
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
    known.put({.told = started->instance, .as_of = as_of});
  } else {
    const auto& updated = std::get<Updated>(difference.event);
    const Known* before = known.find(updated.instance->key.id);
    known.put({.told = updated.instance, .as_of = before != nullptr ? before->as_of : Timestamp{}});
  }
}

}  // namespace rollcall
