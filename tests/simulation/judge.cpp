#include "simulation/judge.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace rollcall::simulation {
namespace {

using Instances = std::map<std::string, InstancePtr>;

constexpr unsigned any_run = std::numeric_limits<unsigned>::max();
constexpr std::size_t most_pending = 2;  // events of one instance

/// An instance that the engine is about to restart continues in its next run without a new Started.
unsigned last_run_of_start(const Instance& instance) {
  return instance.state == InstanceState::restarting ? any_run : run_of(instance);
}

/// "i1=n2 running 10.0.0.3 run 1": what a reader of a failure needs.
std::string brief(const Instance& instance) {
  return fmt::format(
      "{}={} {} {} run {}", instance.key.id, instance.name, to_string(instance.state),
      instance.addresses.empty() ? "-" : instance.addresses.front().ip, run_of(instance));
}

/// How two folds differ; empty if they do not.
std::string difference(const Instances& told, const Instances& true_ones) {
  for (const auto& [id, instance] : told) {
    const auto at = true_ones.find(id);
    if (at == true_ones.end()) return fmt::format("{} is a ghost", brief(*instance));
    if (!same_content(*instance, *at->second)) {
      return fmt::format("told {}, true {}", brief(*instance), brief(*at->second));
    }
  }
  for (const auto& [id, instance] : true_ones) {
    if (!told.contains(id)) return fmt::format("{} was missed", brief(*instance));
  }
  return {};
}

/// Whether both have the same content for one instance.
bool same(const Instances& a, const Instances& b, const std::string& id) {
  const auto in_a = a.find(id);
  const auto in_b = b.find(id);
  if (in_a == a.end() || in_b == b.end()) return in_a == a.end() && in_b == b.end();
  return same_content(*in_a->second, *in_b->second);
}

}  // namespace

void Judge::breach(std::string_view law, std::string_view detail) {
  engine_.record.breach(engine_.now(), law, detail);
}

void Judge::begin_watch() {
  if (return_) inventory_.apply(*return_);
  return_.reset();
  prompt_ = true;
}

void Judge::begin_taking(bool prompt) {
  // Within one batch an event may have collapsed into one from before Reconnected.
  if (live_while_lost_) breach("disconnected is not stopped", *live_while_lost_);
  prompt_ = prompt;
  if (!prompt) {
    for (const auto& [id, entry] : fold_) engine_.forgive_crashes(id);
  }
  const std::uint64_t lists = engine_.lists - std::exchange(lists_, engine_.lists);
  one_list_ = lists <= 1;
  taken_.clear();
  last_difference_.reset();
}

void Judge::take(const RuntimeEvent& event, bool synced) {
  const InstanceKey* key = key_of(event);
  std::optional<Cause> cause;
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.cause; }) cause = e.cause;
      },
      event);
  engine_.record.note(engine_.now(), type_of(event), key == nullptr ? "" : key->id,
                      cause ? std::to_underlying(*cause) : -1);
  check_bound(event);
  if (cause) {
    check_cause(*cause, key->id, synced);
    check_order(event, *cause);
  }
  std::visit([this](const auto& e) { check(e); }, event);
  inventory_.apply(event);
}

void Judge::check_bound(const RuntimeEvent& event) {
  const InstanceKey* key = key_of(event);
  const std::size_t most = key == nullptr ? 1 : most_pending;
  const std::string id = key == nullptr ? "the backend" : key->id;
  if (++taken_[id] > most) breach("at most two events an instance are kept", id);
}

void Judge::check_cause(Cause cause, const std::string& id, bool synced) {
  if (cause == Cause::initial && synced) breach("initial is before synced", id);
  // While the consumer is behind, a loss and a return may have collapsed without reaching it.
  if (cause == Cause::live && prompt_ && return_) live_while_lost_ = id;
}

/// One reconciliation sends all Stopped, then all Updated, then all Started, each by key; the queue
/// keeps the two events of a restart together.
void Judge::check_order(const RuntimeEvent& event, Cause cause) {
  const std::string& id = key_of(event)->id;
  const bool ends = std::holds_alternative<Stopped>(event);
  const bool rest_of_restart = std::holds_alternative<Started>(event) && ended_before_ == id;
  ended_before_ = ends ? id : std::string();
  if (cause == Cause::live || !prompt_ || !one_list_) return last_difference_.reset();
  // An event of the stream in the same moment may have collapsed with the difference, and have kept
  // its own place.
  if (rest_of_restart || engine_.just_told(id)) return;
  int rank = ends ? 0 : 2;
  if (std::holds_alternative<Updated>(event)) rank = 1;
  auto place = std::tuple(rank, id);
  if (last_difference_ && place < *last_difference_) {
    breach("differences come in order", std::get<1>(place));
  }
  last_difference_ = std::move(place);
}

void Judge::check(const Started& event) {
  const std::string& id = event.instance->key.id;
  if (!in_running_set(*event.instance)) breach("only what runs is started", id);
  if (fold_.contains(id)) breach("started and stopped alternate", id + " started twice");
  fold_[id] = {event.instance, last_run_of_start(*event.instance)};
  // After a clock was set, old ends cannot be told from new ones.
  const unsigned most = engine_.world.runs_of(id) + engine_.blurred[id];
  if (++starts_[id] > most && !engine_.clocks_jumped) {
    breach("no run is told twice",
           fmt::format("{}: {} starts of {} runs", id, starts_[id], engine_.world.runs_of(id)));
  }
}

void Judge::check(const Updated& event) {
  const std::string& id = event.instance->key.id;
  if (!in_running_set(*event.instance)) breach("only what runs is updated", id);
  const auto at = fold_.find(id);
  if (at == fold_.end()) return breach("started and stopped alternate", id + " updated unknown");
  if (same_content(*at->second.instance, *event.instance)) {
    breach("an update differs", brief(*event.instance));
  }
  at->second.instance = event.instance;
  if (event.instance->state == InstanceState::restarting) at->second.run = any_run;
}

void Judge::check(const Stopped& event) {
  const auto at = fold_.find(event.id);
  if (at == fold_.end())
    return breach("started and stopped alternate", event.id + " stopped twice");
  if (event.last == nullptr || !same_content(*event.last, *at->second.instance) ||
      event.name != event.last->name) {
    breach("stopped tells what was told last", event.id);
  }
  fold_.erase(at);
}

void Judge::check(const BackendDisconnected& event) {
  if (return_) breach("disconnected and reconnected alternate", "disconnected twice");
  if (event.reason.empty()) breach("disconnected has a reason", event.backend);
  return_ = {event.backend, event.endpoint};
}

void Judge::check(const BackendReconnected& event) {
  if (!return_) return breach("disconnected and reconnected alternate", "reconnected first");
  live_while_lost_.reset();
  const BackendReconnected expected = *std::exchange(return_, std::nullopt);
  if (event.backend != expected.backend || event.endpoint != expected.endpoint) {
    breach("reconnected is told of who was disconnected", event.backend);
  }
  if (prompt_) expect_equal_to_list();
}

/// At Reconnected a prompt consumer has the last list, except for instances that the stream itself
/// reported whole since; and that list began after every doubt. If lists of one moment collapsed,
/// each instance is as in one of them.
void Judge::expect_equal_to_list() {
  constexpr std::string_view law = "at reconnected the fold is the list";
  const auto& lists = engine_.last_lists;
  if (std::ranges::none_of(lists, &ToldList::settles_doubt)) {
    return breach(law, "there was none after the last doubt");
  }
  Instances told;
  for (const auto& [id, entry] : fold_) told[id] = entry.instance;
  Instances listed = lists.back().running;
  for (const ToldList& list : lists) {
    std::set<std::string> agreed = list.told_since;
    for (const Instances* side : {&told, &listed}) {
      for (const auto& [id, instance] : *side) {
        if (same(told, list.running, id)) agreed.insert(id);
      }
    }
    for (const std::string& id : agreed) {
      told.erase(id);
      listed.erase(id);
    }
  }
  const std::string differs = difference(told, listed);
  if (!differs.empty()) breach(law, differs);
}

void Judge::expect_equal_to_world(std::string_view when) {
  Instances told;
  for (const auto& [id, entry] : fold_) told[id] = entry.instance;
  const std::string differs = difference(told, engine_.world.running());
  if (!differs.empty()) breach("the fold is the world", fmt::format("{}: {}", when, differs));
  expect_inventory_agrees();
}

void Judge::expect_inventory_agrees() {
  if (inventory_.size() != fold_.size()) breach("the inventory is the fold", "another size");
  for (const InstancePtr& instance : inventory_.list()) {
    const auto at = fold_.find(instance->key.id);
    if (at == fold_.end() || at->second.instance != inventory_.find(instance->key)) {
      breach("the inventory is the fold", brief(*instance));
    }
  }
  if (!return_ && !inventory_.stale_reason("sim", "sim://engine").empty()) {
    breach("the inventory is the fold", "stale though connected");
  }
}

void Judge::expect_connected(bool synced) {
  if (return_) breach("it heals", "still disconnected");
  if (!synced) breach("it heals", "not synced");
}

void Judge::expect_ends_told() {
  for (const auto& [id, entry] : fold_) {
    const auto ended = engine_.ended_runs.find(id);
    if (ended == engine_.ended_runs.end() || ended->second.empty()) continue;
    const unsigned last = *ended->second.rbegin();
    if (entry.run > last) continue;
    breach("the end of a run is told",
           fmt::format("{} was started in run {}, and run {} has ended", id, entry.run, last));
  }
}

}  // namespace rollcall::simulation
