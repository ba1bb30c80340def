#include "backends/systemd/session.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "core/failure.hpp"

namespace rollcall::systemd {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto young = 2s;

constexpr int most_attempts = 10;  // To read units between two reloads.

/// Whether a job is about to start the unit (again); a signal will follow.
bool is_between_runs(const UnitRow& row) {
  return !runs(row.active_state) && (row.job_type == "start" || row.job_type == "restart");
}

}  // namespace

SystemdSession::SystemdSession(SetupPtr setup, std::unique_ptr<Manager> manager,
                               const asio::any_io_executor& executor)
    : setup_(std::move(setup)),
      units_(setup_->types),
      ports_(setup_->host),
      latch_(executor, asio::steady_timer::time_point::max()),
      next_look_(setup_->env->monotonic() + setup_->look_period),
      manager_(std::move(manager)) {
  manager_->bus().on_signal([this](const DbusMessage& signal) { take_signal(signal); });
  manager_->bus().on_end([this](const RuntimeError& error) {
    ended_ = error;
    wake();
  });
}

Task<void> SystemdSession::open() {
  auto matched = co_await manager_->match_signals();
  if (!matched) co_return fail(std::move(matched.error()));
  co_return co_await manager_->subscribe();
}

// ---- the stream

void SystemdSession::take_signal(const DbusMessage& signal) {
  if (owner_change(signal) != OwnerChange::none) {
    manager_was_away_ = true;
    wake();
    return;
  }
  for (Change& change : units_.take(signal, setup_->env->now())) push(std::move(change));
}

void SystemdSession::push(Change change) {
  if (auto* touched = std::get_if<Touched>(&change)) {
    Touched& known = touched_.try_emplace(touched->id, *touched).first->second;
    known.at = touched->at;
    // Keep the mark that a run may have begun until the unit is read.
    if (touched->mark == RunMark::began) known.mark = RunMark::began;
  } else if (const auto* resync = std::get_if<ResyncNeeded>(&change)) {
    resync_ = resync->reason;
    settings_.forget();
    touched_.clear();  // the list covers them
  }
  wake();
}

std::optional<Change> SystemdSession::pop() {
  if (resync_) return Change(ResyncNeeded{*std::exchange(resync_, std::nullopt)});
  if (touched_.empty()) return std::nullopt;
  auto first = touched_.extract(touched_.begin());
  return Change(std::move(first.mapped()));
}

void SystemdSession::wake() {
  woken_ = true;
  latch_.cancel();
}

asio::awaitable<void> SystemdSession::woken() {
  // Cancellation wakes the wait as wake() does, and throws at the next co_await.
  while (!woken_) co_await latch_.async_wait(asio::as_tuple(asio::use_awaitable));
  woken_ = false;
}

asio::awaitable<void> SystemdSession::wait_for_change() {
  using namespace asio::experimental::awaitable_operators;
  const Duration left = next_look_ - setup_->env->monotonic();
  if (left <= 0s) {
    for (const Touched& touched : look_for_ports()) push(touched);
    co_return;
  }
  std::exception_ptr thrown;
  const auto sleep = [](EnvPtr env, Duration duration,
                        std::exception_ptr& failure) -> asio::awaitable<void> {
    try {
      co_await env->sleep_for(duration);
    } catch (...) {
      // Store the error: otherwise the `||` below would keep waiting for the other operation.
      if (is_cancellation(std::current_exception())) throw;
      failure = std::current_exception();
    }
  };
  try {
    // Neither operation returns a value that could be lost.
    co_await (woken() || sleep(setup_->env, left, thrown));
  } catch (const asio::multiple_exceptions& both) {  // Cancelled: each of them unwinds.
    std::rethrow_exception(both.first_exception());
  }
  if (thrown) std::rethrow_exception(thrown);
}

Task<void> SystemdSession::go_on_with_new_manager() {
  auto back = co_await manager_->wait_for_return();
  if (!back) co_return fail(std::move(back.error()));
  manager_was_away_ = false;
  auto subscribed = co_await manager_->subscribe();
  if (!subscribed) co_return fail(std::move(subscribed.error()));
  units_.forget();
  push(ResyncNeeded{"the systemd manager was executed anew"});
  co_return Result<void>();
}

Task<Change> SystemdSession::next() {
  for (;;) {
    if (ended_) co_return fail(*ended_);
    if (manager_was_away_) {
      auto back = co_await go_on_with_new_manager();
      if (!back) co_return fail(std::move(back.error()));
    }
    if (auto change = pop()) co_return std::move(*change);
    co_await wait_for_change();
  }
}

Task<void> SystemdSession::probe() {
  Deadlines deadlines = setup_->deadlines;
  deadlines.connect = deadlines.quiet_probe;
  deadlines.probe_head = deadlines.quiet_probe;
  auto other = co_await Manager::connect(setup_->endpoint, setup_->env, deadlines);
  if (!other) co_return fail(std::move(other.error()));
  co_return Result<void>();
}

// ---- reading units

std::vector<Asked> SystemdSession::wanted_of(const Rows& rows) const {
  std::vector<Asked> asked;
  for (const UnitRow& row : rows) {
    if (row.path.empty()) continue;  // Not loaded, and a Get would load it.
    if (units_.wanted(row.name) && runs(row.active_state)) {
      asked.push_back({.row = &row, .wanted = Wanted::most});
    } else if (units_.wanted(row.name) && setup_->include_stopped) {
      asked.push_back({.row = &row, .wanted = Wanted::definition});
    } else if (type_of(row.name) == "socket" && row.active_state == "active") {
      asked.push_back({.row = &row, .wanted = Wanted::ports});
    }
  }
  return asked;
}

Task<void> SystemdSession::locate(std::vector<Asked>& asked, ListBudget& budget) {
  for (Asked& unit : asked) {
    UnitProperties& known = units_.of(unit.row->name);
    // Without a state the unit was unloaded meanwhile; a Get would load it again.
    const bool sought = unit.wanted == Wanted::most && !unit.vanished && known.active_state;
    unit.wanted = sought ? Wanted::place : Wanted::nothing;
    if (sought) ports_.locate(unit.row->name, known);
  }
  co_return co_await manager_->properties(asked, units_, budget);
}

Task<void> SystemdSession::learn(Rows& rows, ListBudget& budget) {
  for (const UnitRow& row : rows) units_.learn(row);
  std::vector<Asked> asked = wanted_of(rows);
  auto known = co_await manager_->properties(asked, units_, budget);
  if (known) known = co_await locate(asked, budget);
  if (!known) co_return fail(std::move(known.error()));
  std::set<std::string> vanished;
  for (const Asked& unit : asked) {
    if (unit.vanished) vanished.insert(unit.row->name);
  }
  // Signals that came meanwhile are newer than the rows.
  for (UnitRow& row : rows) {
    if (!units_.wanted(row.name)) continue;
    const UnitProperties& unit = units_.of(row.name);
    if (!unit.active_state) {
      vanished.insert(row.name);
    } else if (!runs(*unit.active_state)) {
      row.active_state = *unit.active_state;
      row.sub_state = unit.sub_state.value_or("");
    }
  }
  std::erase_if(rows, [&](const UnitRow& row) { return vanished.contains(row.name); });
  co_return Result<void>();
}

Task<SystemdSession::Rows> SystemdSession::known_rows(std::vector<std::string> patterns,
                                                      ListBudget& budget) {
  // A reload during the reading discards what was read, so try again.
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const std::size_t generation = units_.generation();
    auto rows = co_await manager_->units(patterns);
    if (!rows) co_return fail(std::move(rows.error()));
    auto learned = co_await learn(*rows, budget);
    if (!learned) co_return fail(std::move(learned.error()));
    if (units_.generation() == generation) co_return rows;
  }
  co_return fail({.kind = ErrorKind::desynced,
                  .endpoint = manager_->bus().url(),
                  .what = "systemd loads its units again and again while they are read"});
}

std::optional<Reading> SystemdSession::reading_of(const UnitRow& row) {
  if (!units_.wanted(row.name)) return std::nullopt;
  if (const auto last = last_.find(row.name); is_between_runs(row) && last != last_.end()) {
    return Reading{.instance = last->second};
  }
  const UnitProperties& unit = units_.of(row.name);
  const SettingsRead& settings =
      settings_.of(row.name, unit.fragment_path.value_or(""),
                   unit.drop_in_paths.value_or(std::vector<std::string>()));
  auto instance =
      std::make_shared<const Instance>(decode_unit({.row = row,
                                                    .properties = unit,
                                                    .settings = settings,
                                                    .ports = ports_of_unit(row, unit),
                                                    .manager_user = ports_.user_of_manager()},
                                                   setup_->shown_endpoint, setup_->env->now()));
  const bool running = in_running_set(*instance);
  if (running && instance->ports.empty() && instance->started_at &&
      *instance->started_at > setup_->env->now() - young) {
    look_soon();
  }
  const bool shown =
      (running || setup_->include_stopped) && (setup_->all_units || listens_or_opted_in(*instance));
  if (shown && running) {
    last_.insert_or_assign(row.name, instance);
  } else {
    last_.erase(row.name);
  }
  if (!shown) return std::nullopt;
  return Reading{.instance = std::move(instance)};
}

Result<std::vector<Reading>> SystemdSession::readings_of(const Rows& rows, ListBudget& budget) {
  std::vector<Reading> readings;
  for (const UnitRow& row : rows) {
    auto reading = reading_of(row);
    if (!reading) continue;
    auto taken = budget.take(*reading->instance);
    if (!taken) return fail(std::move(taken.error()));
    readings.push_back(std::move(*reading));
  }
  return readings;
}

Task<void> SystemdSession::add_unit_files(Rows& rows) {
  std::vector<std::string> patterns;
  for (const std::string& type : setup_->types) patterns.push_back("*." + type);
  auto files = co_await manager_->unit_files(std::move(patterns));
  if (!files) co_return fail(std::move(files.error()));
  std::set<std::string, std::less<>> loaded;
  for (const UnitRow& row : rows) loaded.insert(row.name);
  for (UnitFile& file : *files) {
    std::string name = file.path.substr(file.path.rfind('/') + 1);
    const bool other = file.state == "alias" || file.state.starts_with("masked");
    if (other || name.contains("@.") || !loaded.insert(name).second) continue;
    units_.of(name).fragment_path = std::move(file.path);
    rows.push_back({.name = std::move(name),
                    .description = {},
                    .load_state = "loaded",
                    .active_state = "inactive",
                    .sub_state = "dead",
                    .path = {},
                    .job_type = {}});
  }
  co_return Result<void>();
}

Task<Snapshot> SystemdSession::list() {
  Snapshot snapshot{.taken_at = setup_->env->now()};
  std::vector<std::string> patterns = {"*.socket"};
  for (const std::string& type : setup_->types) {
    if (type != "socket") patterns.push_back("*." + type);
  }
  co_await find_root_of_groups();
  units_.forget();
  ListBudget budget(manager_->bus().url(), setup_->limits);
  auto rows = co_await known_rows(std::move(patterns), budget);
  if (!rows) co_return fail(std::move(rows.error()));
  if (setup_->include_stopped) {
    auto added = co_await add_unit_files(*rows);
    if (!added) co_return fail(std::move(added.error()));
  }
  sockets_.clear();
  // Everything is read below, so the changes need not be told.
  learn_sockets(*rows);
  private_ports_.clear();
  look_for_ports();
  std::set<std::string_view> loaded;
  for (const UnitRow& row : *rows) loaded.insert(row.name);
  settings_.keep_only(loaded);
  std::erase_if(last_, [&](const auto& entry) { return !loaded.contains(entry.first); });
  auto readings = readings_of(*rows, budget);
  if (!readings) co_return fail(std::move(readings.error()));
  snapshot.readings = std::move(*readings);
  co_return snapshot;
}

void SystemdSession::doubt_files_of(const std::string& name) {
  if (!units_.knows(name)) return;
  UnitProperties& unit = units_.of(name);
  const bool edited = settings_.edited(name, unit.fragment_path.value_or(""),
                                       unit.drop_in_paths.value_or(std::vector<std::string>()));
  // No signal tells that a reload is needed, so ask again.
  if (edited) unit.needs_reload.reset();
}

Task<Snapshot> SystemdSession::read(std::vector<Touched> touched) {
  Snapshot snapshot{.taken_at = setup_->env->now()};
  std::vector<std::string> patterns;
  for (const Touched& touch : touched) {
    patterns.push_back(pattern_of(touch.id));
    doubt_files_of(touch.id);
  }
  ListBudget budget(manager_->bus().url(), setup_->limits);
  auto rows = co_await known_rows(std::move(patterns), budget);
  if (!rows) co_return fail(std::move(rows.error()));
  std::vector<Touched> others = learn_sockets(*rows);
  for (const Touched& touch : touched) private_ports_.erase(touch.id);
  std::ranges::move(look_for_ports(), std::back_inserter(others));
  for (const Touched& other : others) {
    const bool read_now = std::ranges::find(touched, other.id, &Touched::id) != touched.end();
    if (!read_now) push(other);
  }
  auto readings = readings_of(*rows, budget);
  if (!readings) co_return fail(std::move(readings.error()));
  snapshot.readings = std::move(*readings);
  co_return snapshot;
}

}  // namespace rollcall::systemd
