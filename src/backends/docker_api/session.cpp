#include "backends/docker_api/session.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "backends/docker_api/environment.hpp"
#include "core/async/pace.hpp"

namespace rollcall::docker_api {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration period_without_events = 10s;

std::size_t size_of(const Labels& labels) {
  std::size_t size = 0;
  for (const auto& [key, value] : labels) size += key.size() + value.size();
  return size;
}

}  // namespace

Task<void> DockerSession::open_events() {
  // Ask for events from shortly before the list, so that there is no gap. A resumed stream starts
  // at the last event that was read, but if the clock was set back, that may be too late.
  poll_period_ = engine_->traits().poll_period;
  if (poll_period_ > Duration::zero()) co_return Result<void>();
  const Timestamp just_before = hello_.date - 1s;
  const bool resumes = engine_->last_event != Timestamp{};
  const Timestamp since = resumes ? std::min(engine_->last_event, just_before) : just_before;
  auto events = co_await api_->events(since, engine_->traits().event_filters);
  if (!events) co_return fail(std::move(events.error()));
  events_ = std::move(*events);
  if (!events_) {
    poll_period_ = period_without_events;
    engine_->warn(fmt::format("{}: events are refused, so containers are listed every {} s instead",
                              api_->url(), poll_period_ / 1s));
  }
  co_return Result<void>();
}

/// One request of the engine's list.
Task<ListOutcome> DockerSession::ask(std::vector<std::string> ids, Which which, Containers& into,
                                     ListBudget& budget) {
  const Timestamp now = engine_->env->now();
  Api::Sink sink = [this, &into, &budget, now](std::string_view item) -> Result<void> {
    auto container = decoder_.decode(item, now);
    if (!container) return fail(std::move(container.error()));
    auto taken = budget.take(container->instance);
    if (!taken) return taken;
    std::string id = container->instance.key.id;
    into.insert_or_assign(std::move(id), std::move(*container));
    return {};
  };
  const bool stopped = which == Which::all || needs_all();
  co_return co_await api_->containers(std::move(ids), stopped, std::move(sink));
}

/// One container that the engine cannot list must not hide the others. Which there are, a list of
/// its own tells.
Task<Failed> DockerSession::ask_around(std::vector<std::string> ids, RuntimeError trouble,
                                       AskForIds ask) {
  if (!engine_->traits().has_own_list) co_return fail(std::move(trouble));
  if (ids.empty()) {
    auto all = co_await engine_->dialect->all_ids(*api_);
    if (!all) co_return fail(std::move(all.error()));
    if (!*all) co_return fail(std::move(trouble));
    ids = std::move(**all);
  }
  co_return co_await ask_in_halves(std::move(ids), engine_->failed, std::move(ask));
}

/// `ids`: those that were asked for; empty: all.
void DockerSession::remember(const std::vector<std::string>& ids, Failed failed) {
  if (ids.empty()) engine_->failed.clear();
  for (const std::string& id : ids) engine_->failed.erase(id);
  engine_->failed.merge(failed);
}

Task<void> DockerSession::fetch(std::vector<std::string> ids, Which which, Containers& into,
                                ListBudget& budget) {
  Containers found;
  Failed failed;
  auto listed = co_await ask(ids, which, found, budget);
  if (!listed) co_return fail(std::move(listed.error()));
  if (listed->trouble) {
    AskForIds some = [&](std::vector<std::string> part) {
      return ask(std::move(part), which, found, budget);
    };
    auto around = co_await ask_around(ids, std::move(*listed->trouble), std::move(some));
    if (!around) co_return fail(std::move(around.error()));
    failed = std::move(*around);
  }
  remember(ids, failed);
  auto completing = engine_->dialect->complete(
      {.api = *api_, .ids = ids, .containers = found, .failed = failed, .budget = budget});
  auto completed = co_await std::move(completing);
  if (!completed) co_return fail(std::move(completed.error()));
  for (const auto& [id, error] : failed) {
    const auto told = found.find(id);
    if (told == found.end()) continue;
    InstanceKey& key = told->second.instance.key;
    key.backend = engine_->traits().name;
    key.endpoint = engine_->shown_endpoint;
    told->second.instance.discovered_at = engine_->env->now();
  }
  if (engine_->read_env) {
    auto read = co_await read_environments(ids.empty(), found, budget);
    if (!read) co_return fail(std::move(read.error()));
  }
  if (into.empty()) {
    into = std::move(found);
  } else {
    into.merge(found);
  }
  co_return Result<void>();
}

/// The environment of a container never changes, so each is inspected once. `of_all`: containers
/// that are not in the list are gone, and are forgotten.
Task<void> DockerSession::read_environments(bool of_all, Containers& containers,
                                            ListBudget& budget) {
  auto& known = engine_->environments;
  if (of_all) std::erase_if(known, [&](const auto& e) { return !containers.contains(e.first); });
  for (auto& [id, container] : containers) {
    auto at = known.find(id);
    if (at == known.end()) {
      auto answer = co_await api_->inspect(id);
      if (!answer) co_return fail(std::move(answer.error()));
      if (!*answer) {
        // Either it is gone, or inspecting is not allowed at all.
        if (!std::exchange(engine_->env_refused, true)) {
          engine_->warn(
              fmt::format("{}: container {} cannot be inspected, so its environment is "
                          "not read; let GET pass on /containers/ID/json",
                          api_->url(), id.substr(0, 12)));
        }
        continue;
      }
      at = known.emplace(id, readable_environment(**answer)).first;
    }
    apply_environment(container.instance, at->second);
    // The labels exist twice: here and in the instance.
    auto taken = budget.take_bytes(2 * size_of(at->second));
    if (!taken) co_return taken;
  }
  co_return Result<void>();
}

/// One that uses the network of another has its addresses, and those of a pod share its ports; the
/// others may not be among what was asked for, or not run any more. `missing`: those; they may
/// depend on others in turn.
Task<void> DockerSession::fetch_missing(Joins::Ids missing, Containers& containers,
                                        ListBudget& budget) {
  Joins::Ids asked;
  while (!missing.empty()) {
    asked.insert(missing.begin(), missing.end());
    Containers more;
    auto fetched = co_await fetch({missing.begin(), missing.end()}, Which::all, more, budget);
    if (!fetched) co_return fail(std::move(fetched.error()));
    joins_.update(more);
    missing = joins_.missing_in(more);
    std::erase_if(missing, [&](const std::string& id) {
      return asked.contains(id) || containers.contains(id);
    });
    containers.merge(more);
  }
  co_return Result<void>();
}

/// Of all that there are, in turns: who uses whose network. Those that are not among them.
asio::awaitable<Joins::Ids> DockerSession::learn(const Containers& all) {
  Joins joins;
  Joins::Ids missing;
  Pace pace;
  for (const auto& [id, container] : all) {
    if (pace.due()) co_await pace.rest();
    joins.update(id, container);
    const std::string& owner = container.instance.network_owner;
    if (!owner.empty() && !all.contains(owner)) missing.insert(owner);
  }
  joins_ = std::move(joins);
  co_return missing;
}

/// Of all that there are, in turns.
asio::awaitable<void> DockerSession::find_host_ports(Containers& all) {
  co_await use_networks_of_host(all);
  HostPorts& host_ports = engine_->host_ports;
  host_ports.keep_only(all);
  if (!engine_->address.endpoint.local()) co_return;
  host_ports.look_anew();
  Pace pace;
  for (auto& [id, container] : all) {
    if (pace.due()) co_await pace.rest();
    host_ports.fill(container, engine_->env->now());
  }
  host_ports.look_anew();
}

Task<Snapshot> DockerSession::list() {
  Snapshot snapshot{.taken_at = engine_now()};
  Containers containers;
  ListBudget budget(api_->url(), api_->limits());
  auto fetched = co_await fetch(std::vector<std::string>(), Which::wanted, containers, budget);
  if (!fetched) co_return fail(std::move(fetched.error()));
  Joins::Ids missing = co_await learn(containers);
  auto completed = co_await fetch_missing(std::move(missing), containers, budget);
  if (!completed) co_return fail(std::move(completed.error()));
  co_await find_host_ports(containers);
  auto readings = co_await finish(std::move(containers), infra(), budget);
  if (!readings) co_return fail(std::move(readings.error()));
  snapshot.readings = std::move(*readings);
  if (poll_period_ > Duration::zero()) api_->rest();
  co_return snapshot;
}

/// The engine signals most changes before its list shows them, so wait for them here. A start is an
/// exception: it is stored first.
Task<bool> DockerSession::settle(const std::vector<Touched>& touched) {
  std::set<std::string> waits;
  for (const Touched& touch : touched) {
    if (!engine_->traits().lists_late || touch.mark == RunMark::began) continue;
    waits.insert(touch.id);
    waits.merge(joins_.owners_of(touch.id));
  }
  bool all = true;
  for (const std::string& id : waits) {
    auto settled = co_await api_->settle(id);
    if (!settled) co_return fail(std::move(settled.error()));
    all = all && *settled;
  }
  co_return all;
}

Task<Snapshot> DockerSession::read(std::vector<Touched> touched) {
  auto settled = co_await settle(touched);
  if (!settled) co_return fail(std::move(settled.error()));
  std::set<std::string> asked;
  std::set<std::string> ids;
  for (const Touched& touch : touched) {
    asked.insert(touch.id);
    ids.insert(touch.id);
    ids.merge(joins_.owners_of(touch.id));
  }
  Snapshot snapshot{.taken_at = engine_now()};
  Containers containers;
  ListBudget budget(api_->url(), api_->limits());
  auto fetched = co_await fetch({ids.begin(), ids.end()}, Which::wanted, containers, budget);
  if (!fetched) co_return fail(std::move(fetched.error()));
  joins_.update(containers);
  auto completed = co_await fetch_missing(joins_.missing_in(containers), containers, budget);
  if (!completed) co_return fail(std::move(completed.error()));
  co_await use_networks_of_host(containers);
  if (engine_->address.endpoint.local()) {
    engine_->host_ports.fill(containers, engine_->env->now());
  }
  auto readings = co_await finish(std::move(containers), infra(), budget);
  if (!readings) co_return fail(std::move(readings.error()));
  for (Reading& reading : *readings) {
    if (!asked.contains(reading.instance->key.id)) continue;
    reading.settled = reading.settled && *settled;
    snapshot.readings.push_back(std::move(reading));
  }
  co_return snapshot;
}

void DockerSession::note_dependents_of(const Change& change) {
  if (const auto* touched = std::get_if<Touched>(&change)) {
    changed_.insert(touched->id);
  } else if (const auto* gone = std::get_if<Gone>(&change)) {
    changed_.insert(gone->id);
  }
}

/// Changes of dependent containers come after all other changes, so each is told once, however
/// often its owner changes.
std::optional<Change> DockerSession::pop() {
  if (auto change = changes_.pop()) {
    note_dependents_of(*change);
    return change;
  }
  for (const std::string& id : joins_.dependents_of(std::exchange(changed_, {}))) {
    consequences_.push(Touched{.id = id, .at = engine_now(), .mark = RunMark::changed});
  }
  return consequences_.pop();
}

Result<void> DockerSession::take_event(std::string_view item) {
  auto event = event_decoder_.decode(item);
  if (!event) return fail(std::move(event.error()));
  engine_->last_event = std::max(engine_->last_event, event->at);
  if (event->unknown_action) ++unknown_signals_;
  if (event->change) changes_.push(std::move(*event->change));
  return {};
}

Task<Change> DockerSession::next() {
  if (!events_) {
    co_await engine_->env->sleep_for(poll_period_);
    co_return Change(ResyncNeeded{"there are no events"});
  }
  for (;;) {
    if (auto change = pop()) co_return std::move(*change);
    auto bytes = co_await events_->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    const auto sink = [this](std::string_view item) { return take_event(item); };
    auto fed = bytes->empty() ? splitter_.finish() : splitter_.feed(*bytes, sink);
    if (!fed) {
      RuntimeError error = std::move(fed.error());
      error.endpoint = api_->url();
      co_return fail(std::move(error));
    }
    // Changes that came just before the end are told first.
    if (bytes->empty()) changes_.push(StreamEnded{});
  }
}

Task<void> DockerSession::probe() {
  // Without a stream each list is a probe already, and an idle engine may sleep in between.
  if (!events_) co_return Result<void>();
  co_return co_await api_->ping();
}

}  // namespace rollcall::docker_api
