// What a list, a reading or a change of the stream means for what the consumer was told.
#include <array>
#include <chrono>
#include <utility>

#include "engine/watch.hpp"

namespace rollcall {

using namespace std::chrono_literals;

namespace {

// An address comes within a second; a server that is slow to start takes longer to listen.
constexpr std::array<Duration, 6> look_again_after = {50ms, 200ms, 1s, 5s, 20s, 60s};

}  // namespace

void Watch::apply_list(const Snapshot& snapshot) {
  const auto differences = reconcile(reflector_.known_, snapshot, book_.ends(), list_cause_);
  if (!events_.closed()) {
    // What is kept first, what will be taken after it: between each other they would leave holes.
    for (const Difference& d : differences) know(d, snapshot.taken_at);
    for (const Difference& d : differences) events_.send(d.event, d.told);
  }
  list_cause_ = Cause::resync;
  reflector_.told_ = true;
  // One that is not settled may have begun anew unseen, and waits as at first.
  looks_.clear();
  for (const Reading& reading : snapshot.readings) look_again(reading);
}

void Watch::apply_reading(const std::string& id, const Reading* reading, Timestamp taken_at) {
  const TouchBook::Finished finished = book_.finish(id);
  if (!finished.valid) return;
  const auto differences =
      reconcile_one(reflector_.known_.find(id), reading != nullptr ? reading->instance : nullptr,
                    finished.ended_at, Cause::live);
  for (const Difference& difference : differences) tell(difference, taken_at);
  if (reading != nullptr) look_again(*reading);
}

void Watch::tell(const Difference& difference, Timestamp as_of) {
  if (events_.closed()) return;  // never received, so never told
  know(difference, as_of);
  events_.send(difference.event, difference.told);
}

void Watch::know(const Difference& difference, Timestamp as_of) {
  apply(reflector_.known_, difference, as_of);
  // A new run may wait for its address anew.
  if (std::holds_alternative<Started>(difference.event)) looks_.erase(key_of(difference.event)->id);
}

/// Of a stream that is the truth, what comes before a list is in the list, and what comes after it
/// is newer than it.
bool Watch::hold_back(const Change& change) {
  const auto* gone = std::get_if<Gone>(&change);
  const bool whole = std::holds_alternative<Upsert>(change) || (gone != nullptr && gone->final());
  if (!whole || fsm_.state() == ReflectorFsm::State::watching) return false;
  if (list_answered_) held_.push_back(change);
  return true;
}

void Watch::take(const Change& change) {
  last_change_ = reflector_.env_->monotonic();
  if (hold_back(change)) return;
  std::visit(
      [this]<class Kind>(const Kind& c) {
        if constexpr (std::is_same_v<Kind, Touched>) {
          touch(c);
        } else if constexpr (std::is_same_v<Kind, Upsert>) {
          upsert(c.instance);
        } else if constexpr (std::is_same_v<Kind, Gone>) {
          gone(c);
        } else if constexpr (std::is_same_v<Kind, ResyncNeeded>) {
          doubted_ = true;
          report({.outcome = Outcome::desynced, .epoch = epoch_});
        } else {
          report({.outcome = Outcome::stream_ended, .epoch = epoch_});
        }
      },
      change);
}

void Watch::touch(const Touched& touched) {
  // While a list is under way, or about to be, nobody knows yet what runs; else only a start can
  // bring in an unknown one.
  const bool matters = touched.mark == RunMark::began || doubted_ ||
                       fsm_.state() != ReflectorFsm::State::watching ||
                       reflector_.known_.contains(touched.id) || book_.noted(touched.id) ||
                       book_.being_read(touched.id);
  if (!matters) return;
  book_.note(touched);
  touched_.notify();
}

void Watch::upsert(const InstancePtr& instance) {
  const Known* known = reflector_.known_.find(instance->key.id);
  for (const Difference& d : reconcile_one(known, instance, std::nullopt, Cause::live)) {
    tell(d, reflector_.env_->now());
  }
}

void Watch::gone(const Gone& gone) {
  if (fsm_.state() != ReflectorFsm::State::watching) {
    // The list under way may be older than this end, and still hold it.
    return touch({.id = gone.id, .at = gone.at, .mark = RunMark::ended});
  }
  book_.gone(gone.id);
  const Known* known = reflector_.known_.find(gone.id);
  if (known == nullptr) return;
  // Its id may be in use again. Clocks that were set are no reason to keep a ghost, so look.
  if (!gone.final() && gone.at <= known->as_of) {
    return touch({.id = gone.id, .at = gone.at, .mark = RunMark::changed});
  }
  for (const Difference& d : reconcile_one(known, nullptr, std::nullopt, Cause::live)) {
    tell(d, {});
  }
}

void Watch::look_again(const Reading& reading) {
  const std::string& id = reading.instance->key.id;
  if (reading.settled || !in_running_set(*reading.instance)) {
    looks_.erase(id);
    return;
  }
  const std::size_t looks = looks_[id]++;
  if (looks < look_again_after.size()) phase_.spawn(touch_later(id, look_again_after.at(looks)));
}

void Watch::restore_undelivered() {
  if (!events_.closed()) return;  // the consumer can still take them
  for (auto& [key, told] : events_.undelivered()) {
    if (told) {
      const Known* known = reflector_.known_.find(key.id);
      const Timestamp as_of = known != nullptr ? known->as_of : Timestamp{};
      reflector_.known_.put({.told = std::move(told), .as_of = as_of});
    } else {
      reflector_.known_.erase(key.id);
    }
  }
}

}  // namespace rollcall
