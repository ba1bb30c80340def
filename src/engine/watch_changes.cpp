// Turns lists, readings and changes of the stream into events for the consumer.
#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "core/async/pace.hpp"
#include "core/budgets.hpp"
#include "core/instance_bounds.hpp"
#include "core/overloaded.hpp"
#include "engine/watch.hpp"

namespace rollcall {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// An address comes within a second; a server that is slow to start takes longer to listen.
constexpr std::array<Duration, 6> look_again_after = {50ms, 200ms, 1s, 5s, 20s, 60s};

}  // namespace

/// A long list is applied over several turns: meanwhile changes of the stream are held back or
/// noted, as during the list.
asio::awaitable<void> Watch::apply_list(Snapshot snapshot) {
  applying_ = true;
  Reconciliation work(reflector_.known_, snapshot, book_.ends(), list_cause_);
  for (Pace pace; !work.step();) {
    if (pace.due()) co_await pace.rest();
  }
  const std::vector<Difference> differences = work.differences();
  if (!events_.closed()) co_await tell_all(differences, snapshot.taken_at);
  list_cause_ = Cause::resync;
  reflector_.told_ = true;
  // An unsettled instance may have restarted unseen, so its delays begin anew.
  Pace pace;
  looks_.clear();
  for (const Reading& reading : snapshot.readings) {
    if (pace.due()) co_await pace.rest();
    look_again(reading);
  }
  applying_ = false;
}

/// If this fails in the middle, each difference was either both sent and recorded as known, or
/// neither.
asio::awaitable<void> Watch::tell_all(const std::vector<Difference>& differences, Timestamp as_of) {
  KnownById& known = reflector_.known_;
  const auto is_new = [&known](const Difference& d) {
    return d.told == nullptr && !known.contains(key_of(d.event)->id);
  };
  // Two passes: interleaving long-lived entries and short-lived events fragments the heap.
  std::size_t kept = 0;
  std::size_t told = 0;
  Pace pace;
  const auto give_up_the_rest = [&] {
    for (; told < kept; ++told) {
      const auto* started = std::get_if<Started>(&differences[told].event);
      const Known* at = started != nullptr ? known.find(started->instance->key.id) : nullptr;
      if (at != nullptr && at->told == started->instance) known.erase(started->instance->key.id);
    }
  };
  try {
    for (; kept < differences.size(); ++kept) {
      if (pace.due()) co_await pace.rest();
      if (is_new(differences[kept])) know(differences[kept], as_of);
    }
    for (; told < differences.size() && !events_.closed(); ++told) {
      if (pace.due()) co_await pace.rest();
      tell(differences[told], as_of);
    }
  } catch (...) {
    give_up_the_rest();
    throw;
  }
  give_up_the_rest();  // if the consumer has closed the channel meanwhile
  check_bounds();
}

asio::awaitable<void> Watch::read(SessionPtr session, std::uint64_t epoch,
                                  std::vector<Touched> batch, Began::iterator under_way) {
  const std::uint64_t round = round_;
  auto snapshot = co_await session->read(batch);
  if (epoch != epoch_) co_return;
  readings_.erase(under_way);
  if (!snapshot) {
    report_failure(Outcome::stream_failed, epoch, std::move(snapshot.error()));
    co_return;
  }
  touched_.notify();
  if (round != round_) co_return;
  keep_within_bounds(*snapshot);
  std::map<std::string_view, const Reading*> found;
  for (const Reading& reading : snapshot->readings) found[reading.instance->key.id] = &reading;
  for (const Touched& touched : batch) {
    const auto at = found.find(touched.id);
    apply_reading(touched.id, at == found.end() ? nullptr : at->second, snapshot->taken_at);
  }
}

void Watch::apply_reading(const std::string& id, const Reading* reading, Timestamp taken_at) {
  const TouchBook::Finished finished = book_.finish(id);
  if (!finished.valid) return;
  const auto differences =
      reconcile_one(reflector_.known_.find(id), reading != nullptr ? reading->instance : nullptr,
                    finished.ended_at, Cause::live);
  for (const Difference& difference : differences) tell(difference, taken_at);
  if (reading != nullptr) look_again(*reading);
  check_bounds();
}

/// Sends a difference and records it as known, or throws and does neither.
void Watch::tell(const Difference& difference, Timestamp as_of) {
  if (events_.closed()) return;  // it would not be received
  const auto* started = std::get_if<Started>(&difference.event);
  if (started == nullptr) {
    send(difference);
    return know(difference, as_of);  // which needs no memory
  }
  KnownById& known = reflector_.known_;
  const std::string& id = started->instance->key.id;
  const Known* kept = known.find(id);
  if (kept == nullptr || kept->told != started->instance) know(difference, as_of);
  try {
    send(difference);
  } catch (...) {
    known.erase(id);
    throw;
  }
}

void Watch::send(const Difference& difference) {
  const BeforeSending& before_sending = reflector_.options_.before_sending;
  if (before_sending) before_sending(difference.event);
  events_.send(difference.event, difference.told);
}

void Watch::know(const Difference& difference, Timestamp as_of) {
  apply(reflector_.known_, difference, as_of);
  // A new run may have to wait for its address again.
  if (std::holds_alternative<Started>(difference.event)) looks_.erase(key_of(difference.event)->id);
}

/// Holds back a change that is authoritative by itself while a list is under way or being applied.
/// Before the list's answer such changes are in the list, so they are dropped; after it they are
/// newer than the list, so they are kept. Returns whether the change was taken.
bool Watch::hold_back(Change& change) {
  const auto* gone = std::get_if<Gone>(&change);
  const bool whole = std::holds_alternative<Upsert>(change) || (gone != nullptr && gone->final());
  if (!whole || live()) return false;
  if (!list_answered_) return true;
  held_.push(std::move(change));
  if (held_.bytes() > budget::held_change_bytes) {
    // The next list will contain these changes.
    held_.clear();
    doubted_ = true;
    report({.outcome = Outcome::desynced, .epoch = epoch_});
  }
  return true;
}

void Watch::take(Change change) {
  last_change_ = reflector_.env_->monotonic();
  if (hold_back(change)) return;
  std::visit(Overloaded{
                 [this](const Touched& c) { touch(c); },
                 [this](const Upsert& c) { upsert(within_bounds(c.instance)); },
                 [this](const Gone& c) { gone(c); },
                 [this](const ResyncNeeded&) {
                   doubted_ = true;
                   report({.outcome = Outcome::desynced, .epoch = epoch_});
                 },
                 [this](const StreamEnded&) {
                   report({.outcome = Outcome::stream_ended, .epoch = epoch_});
                 },
             },
             change);
}

void Watch::touch(const Touched& touched) {
  // While a list is under way or about to be, any instance may be running; otherwise only a start
  // can introduce an unknown one.
  const bool matters = touched.mark == RunMark::began || doubted_ || !live() ||
                       reflector_.known_.contains(touched.id) || book_.noted(touched.id) ||
                       book_.being_read(touched.id);
  if (!matters) return;
  book_.note(touched);
  touched_.notify();
  check_bounds();
}

void Watch::upsert(const InstancePtr& instance) {
  const Known* known = reflector_.known_.find(instance->key.id);
  for (const Difference& d : reconcile_one(known, instance, std::nullopt, Cause::live)) {
    tell(d, reflector_.env_->now());
  }
  check_bounds();
}

void Watch::gone(const Gone& gone) {
  if (!live()) {
    // The list under way may be older than this end, and still contain the instance.
    return touch({.id = gone.id, .at = gone.at, .mark = RunMark::ended});
  }
  book_.gone(gone.id);
  const Known* known = reflector_.known_.find(gone.id);
  if (known == nullptr) return;
  // The id may be in use again. But a reset clock must not leave a stale instance: read it again.
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

asio::awaitable<void> Watch::touch_later(std::string id, Duration delay) {
  co_await reflector_.env_->sleep_for(delay);
  touch({.id = std::move(id), .at = reflector_.env_->now(), .mark = RunMark::changed});
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
