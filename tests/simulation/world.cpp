#include "simulation/world.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace rollcall::simulation {

using namespace std::chrono_literals;

namespace {

constexpr unsigned reused_ids = 4;
constexpr std::size_t most_things = 12;
constexpr unsigned names = 5;

bool runs(const Instance& instance) {
  return in_running_set(instance);
}

}  // namespace

unsigned run_of(const Instance& instance) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(instance.discovered_at.time_since_epoch());
  return static_cast<unsigned>(seconds.count());
}

Timestamp World::clock() {
  return env_.now() + clock_offset;
}

Timestamp World::listed_up_to() {
  catch_up();
  Timestamp until = clock();
  for (const Unstored& each : unstored_) until = std::min(until, each.at - 1ns);
  return until;
}

World::Thing* World::pick(std::uint32_t target) {
  if (things_.empty()) return nullptr;
  return &std::next(things_.begin(), static_cast<std::ptrdiff_t>(target % things_.size()))->second;
}

void World::act(const Step& step) {
  if (step.act == Act::create) return create(step, fmt::format("n{}", step.value % names));
  if (step.act == Act::burst) {
    static constexpr std::array<Act, 6> acts = {Act::create, Act::restart, Act::stop,
                                                Act::rename, Act::remove,  Act::start};
    for (std::uint32_t i = 0; i < 12; ++i) {
      act({.act = acts.at((step.value + i * 7) % acts.size()),
           .target = step.target + i,
           .value = step.value + i});
    }
    return;
  }
  Thing* thing = pick(step.target);
  if (thing == nullptr) return create(step, "n0");
  const std::string id = thing->instance.key.id;
  const std::string name = thing->instance.name;
  switch (step.act) {
    case Act::start:
      return start(*thing, step, true);
    case Act::start_unsettled:
      stop(*thing, InstanceState::stopped);
      return start(*thing, step, false);
    case Act::stop:
      return stop(*thing, InstanceState::stopped);
    case Act::restart:
      stop(*thing, InstanceState::stopped);
      return start(*thing, step, true);
    case Act::crash:
      return stop(*thing, InstanceState::restarting);
    case Act::remove:
      return remove(id);
    case Act::recreate:
      remove(id);
      return create(step, name);
    default:
      return alter(step, *thing);
  }
}

void World::create(const Step& step, const std::string& name) {
  if (things_.size() >= most_things) return;
  const unsigned number = scenario_.flavour.reuses_ids ? step.target % reused_ids : made_++;
  const std::string id = fmt::format("i{}", number);
  if (things_.contains(id)) return;
  Thing& thing = things_[id];
  thing.instance.key = {"sim", "sim://engine", id};
  thing.instance.name = name;
  thing.instance.state = InstanceState::stopped;
  start(thing, step, step.value % 8 != 0);
}

void World::start(Thing& thing, const Step& step, bool settled) {
  if (runs(thing.instance) && thing.instance.state != InstanceState::restarting) return;
  const std::string id = thing.instance.key.id;
  thing.run = ++runs_[id];
  thing.instance.state = InstanceState::running;
  thing.settled = settled;
  thing.instance.addresses.clear();
  if (settled) {
    thing.instance.addresses = {{fmt::format("10.0.0.{}", step.value % 4), "net"}};
  } else if (step.value % 5 == 0) {
    settle_later(id, thing.run, 5s);
  } else {
    settle_later(id, thing.run, std::chrono::milliseconds(20 + step.value % 880));
  }
  if (scenario_.flavour.names_runs) thing.instance.run = fmt::format("run-{}", thing.run);
  say(id, RunMark::began);
}

void World::settle_later(const std::string& id, unsigned run, Duration delay) {
  env_.call_after(delay, [this, id, run, delay] {
    const auto at = things_.find(id);
    if (at == things_.end() || at->second.run != run || at->second.settled) return;
    at->second.settled = true;
    at->second.instance.addresses = {{"10.0.1.1", "net"}};
    // A stream of whole instances reports it; watches of other streams look again for a second.
    if (scenario_.flavour.upserts) return say(id, RunMark::changed);
    store(id, clock(), true);
    if (delay > 1s && on_silent_change) on_silent_change();
  });
}

void World::stop(Thing& thing, InstanceState state) {
  if (!runs(thing.instance)) return;
  const unsigned ended = thing.instance.state == InstanceState::restarting ? 0 : thing.run;
  if (state == InstanceState::restarting) crashes_.emplace(thing.instance.key.id, thing.run);
  thing.instance.state = state;
  thing.instance.health = Health::none;
  thing.settled = true;
  say(thing.instance.key.id, RunMark::ended, ended);
}

void World::remove(const std::string& id) {
  const auto at = things_.find(id);
  // A stream of whole instances reports only the removal.
  if (!scenario_.flavour.upserts) stop(at->second, InstanceState::stopped);
  things_.erase(at);
  say(id, scenario_.flavour.tells_gone ? std::nullopt : std::optional(RunMark::ended));
}

void World::alter(const Step& step, Thing& thing) {
  Instance& instance = thing.instance;
  if (step.act == Act::rename) {
    instance.name = fmt::format("n{}", step.value % names);
  } else if (step.act == Act::pause && instance.state == InstanceState::running) {
    instance.state = InstanceState::paused;
  } else if (step.act == Act::pause && instance.state == InstanceState::paused) {
    instance.state = InstanceState::running;
  } else if (step.act == Act::health && runs(instance)) {
    instance.health = step.value % 2 == 0 ? Health::healthy : Health::unhealthy;
  } else if (step.act == Act::address && runs(instance) && thing.settled) {
    instance.addresses = {{fmt::format("10.0.0.{}", step.value % 4), "net"}};
  }
  say(instance.key.id, RunMark::changed);
}

void World::say(const std::string& id, std::optional<RunMark> mark, unsigned ended_run) {
  Entry entry{.number = ++numbered_, .id = id, .at = clock(), .change = {}, .ended_run = ended_run};
  entry.change = Gone{.id = id, .at = scenario_.flavour.upserts ? Timestamp{} : entry.at};
  const auto at = things_.find(id);
  if (mark && scenario_.flavour.upserts && at != things_.end()) {
    entry.change = Upsert{read(at->second).instance};
  } else if (mark) {
    entry.change = Touched{.id = id, .at = entry.at, .mark = *mark};
  }
  store(id, entry.at, lag == 0ns || !mark || mark == RunMark::began);
  log_.push_back(entry);
  if (log_.size() > scenario_.ring) log_.pop_front();
  if (on_entry) on_entry(entry);
}

/// A start and a removal are stored before they are signalled, and after all that was signalled
/// before.
void World::store(const std::string& id, Timestamp at, bool at_once) {
  catch_up();
  const auto thing = things_.find(id);
  Unstored change{.due = env_.monotonic() + lag, .at = at, .id = id, .thing = {}};
  if (thing != things_.end()) change.thing = thing->second;
  // Changes of one instance are stored in the order of their signals.
  for (const Unstored& each : unstored_) {
    if (each.id == id) change.due = std::max(change.due, each.due);
  }
  if (at_once) {
    std::erase_if(unstored_, [&](const Unstored& each) { return each.id == id; });
    change.due = env_.monotonic();
  }
  unstored_.push_back(std::move(change));
  catch_up();
}

void World::catch_up() {
  for (Unstored& each : unstored_) {
    if (each.due > env_.monotonic()) continue;
    if (each.thing) {
      stored_.insert_or_assign(each.id, std::move(*each.thing));
    } else {
      stored_.erase(each.id);
    }
  }
  std::erase_if(unstored_, [this](const Unstored& each) { return each.due <= env_.monotonic(); });
}

Duration World::lag_of(const std::string& id) const {
  Duration longest{};
  for (const Unstored& each : unstored_) {
    if (each.id == id) longest = std::max(longest, each.due - env_.monotonic());
  }
  return longest;
}

/// Each reading differs in the fields that are not compared.
Reading World::read(const Thing& thing) {
  auto instance = std::make_shared<Instance>(thing.instance);
  instance->discovered_at =
      Timestamp(std::chrono::seconds(thing.run) + std::chrono::nanoseconds(++readings_));
  return {std::move(instance), thing.settled || scenario_.flavour.upserts};
}

Snapshot World::snapshot() {
  catch_up();
  Snapshot all;
  for (const auto& [id, thing] : stored_) {
    if (scenario_.lists_stopped || runs(thing.instance)) all.readings.push_back(read(thing));
  }
  return all;
}

std::optional<Reading> World::look(const std::string& id) {
  catch_up();
  const auto at = stored_.find(id);
  if (at == stored_.end()) return std::nullopt;
  if (!scenario_.lists_stopped && !runs(at->second.instance)) return std::nullopt;
  return read(at->second);
}

std::map<std::string, InstancePtr> World::running() {
  std::map<std::string, InstancePtr> all;
  for (const auto& [id, thing] : things_) {
    if (runs(thing.instance)) all[id] = read(thing).instance;
  }
  return all;
}

unsigned World::runs_of(const std::string& id) const {
  const auto at = runs_.find(id);
  return at == runs_.end() ? 0 : at->second;
}

bool World::crashed(const std::string& id, unsigned run) const {
  return crashes_.contains({id, run});
}

}  // namespace rollcall::simulation
