#include "engine/reconcile.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/replace_at.hpp"

namespace rollcall {
namespace {

bool run_ended(const Known& known, const Instance& now, std::optional<Timestamp> ended_at) {
  const std::string& before = known.told->run;
  if (!before.empty() && !now.run.empty()) return before != now.run;
  // An instance that the engine is about to restart still counts as running: that is an update.
  return ended_at && *ended_at > known.as_of && now.state != InstanceState::restarting;
}

Difference stop(const Known& known, Cause cause) {
  const InstancePtr& last = known.told;
  return {Stopped{last->key.id, last->name, last, cause}, last};
}

}  // namespace

const Known* KnownById::find(std::string_view id) const {
  const auto at = all_.find(id);
  return at == all_.end() ? nullptr : &*at;
}

void KnownById::put(Known known) {
  // Lists are mostly sorted by id, so the end is mostly the right place.
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
  Reconciliation work(known, snapshot, ends, cause);
  while (!work.step()) continue;
  return work.differences();
}

Reconciliation::Reconciliation(const KnownById& known, const Snapshot& snapshot, RunEnds ends,
                               Cause cause)
    : known_(known),
      snapshot_(snapshot),
      ends_(std::move(ends)),
      cause_(cause),
      looked_for_(known.begin()) {
  // Growing by doubling would now and then take long.
  if (known.size() > 0) {
    listed_.reserve(snapshot.readings.size());
  } else {
    started_.reserve(snapshot.readings.size());
  }
}

bool Reconciliation::step() {
  if (compared_ < snapshot_.readings.size()) {
    compare_next();
    return false;
  }
  if (looked_for_ != known_.end()) {
    look_for_next();
    return false;
  }
  if (sorts_.empty()) {
    const auto by_key = [](const Difference& a, const Difference& b) {
      return *key_of(a.event) < *key_of(b.event);
    };
    for (Differences* all : {&started_, &updated_, &stopped_}) sorts_.emplace_back(*all, by_key);
  }
  if (!sorts_.back().step()) return false;
  if (sorts_.size() == 1) return true;
  sorts_.pop_back();
  return false;
}

void Reconciliation::compare_next() {
  const Reading& reading = snapshot_.readings[compared_++];
  const std::string& id = reading.instance->key.id;
  if (known_.size() > 0) listed_.insert(id);
  const auto end = ends_.find(id);
  // The snapshot cannot show what followed an end that came after it was asked for: the instance
  // is read again.
  const bool settled = end != ends_.end() && end->second <= snapshot_.taken_at;
  for (Difference& difference :
       reconcile_one(known_.find(id), reading.instance,
                     settled ? std::optional(end->second) : std::nullopt, cause_)) {
    add(std::move(difference));
  }
}

void Reconciliation::look_for_next() {
  const Known& entry = *looked_for_++;
  if (!listed_.contains(entry.told->key.id)) add(stop(entry, cause_));
}

void Reconciliation::add(Difference difference) {
  Differences& all = std::holds_alternative<Stopped>(difference.event)   ? stopped_
                     : std::holds_alternative<Updated>(difference.event) ? updated_
                                                                         : started_;
  all.push_back(std::move(difference));
}

std::vector<Difference> Reconciliation::differences() {
  sorts_.clear();
  Differences all = std::move(stopped_);
  std::ranges::move(updated_, std::back_inserter(all));
  if (all.empty()) return std::move(started_);
  std::ranges::move(started_, std::back_inserter(all));
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
