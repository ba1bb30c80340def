#include "simulation/sim_engine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "simulation/sim_session.hpp"

namespace rollcall::simulation {

using namespace std::chrono_literals;

namespace {

/// A quiet stream is probed after 30 s, and the probe has 10 s to answer.
constexpr Duration longest_mute = 41s;

class SimDriver final : public Driver {
 public:
  explicit SimDriver(SimEngine& engine) : engine_(engine) {}

  [[nodiscard]] std::string_view name() const noexcept override { return known_ ? "sim" : "auto"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override { return "sim://engine"; }
  [[nodiscard]] bool local() const noexcept override { return engine_.scenario.flavour.local; }
  [[nodiscard]] Duration resync_period() const noexcept override {
    return engine_.scenario.flavour.lists_again ? 10min : 0min;
  }
  [[nodiscard]] boost::asio::awaitable<void> endpoint_changed() override {
    co_await engine_.endpoint.wait();
    engine_.attempts.endpoint_changed();
  }
  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override;

 private:
  [[nodiscard]] Result<void> admit() const;

  SimEngine& engine_;
  bool known_ = false;
};

Result<void> SimDriver::admit() const {
  if (engine_.mute()) return fail({.fault = ConnectFault::mute, .what = "no answer"});
  if (engine_.now() < engine_.weather.refused_until) return fail(engine_.weather.refusal);
  return {};
}

Task<std::shared_ptr<Session>> SimDriver::connect(Purpose purpose) {
  const bool watches = purpose == Purpose::watch;
  engine_.record.note(engine_.now(), watches ? "connect" : "connect to list");
  if (watches) engine_.attempts.attempt(engine_.now());
  if (watches) engine_.may_throw();
  if (engine_.mute()) co_await engine_.env.sleep_for(local() ? 2s : 10s);
  auto admitted = admit();
  if (!admitted) {
    if (watches) engine_.attempts.failed(engine_.now(), admitted.error().kind);
    co_return fail(std::move(admitted.error()));
  }
  const Timestamp just_before = engine_.world.clock() - 1s;
  const bool resumes = engine_.last_event != Timestamp{};
  const Timestamp since = resumes ? std::min(engine_.last_event, just_before) : just_before;
  const bool replays = engine_.scenario.flavour.replays;
  auto session = replays ? nullptr : std::make_shared<SimSession>(engine_, purpose);
  const Duration delay = engine_.weather.connect_delay;
  if (delay > 0ns) co_await engine_.env.sleep_for(delay);
  known_ = true;
  if (replays) session = std::make_shared<SimSession>(engine_, purpose);
  if (watches) {
    if (replays) session->replay(since);
    engine_.attempts.connected(engine_.now());
    if (engine_.weather.instant_ends > 0) {
      --engine_.weather.instant_ends;
      session->end();
    }
  }
  co_return std::shared_ptr<Session>(std::move(session));
}

RuntimeError refusal_of(std::uint32_t value) {
  static const std::array<RuntimeError, 8> errors = {{
      {.fault = ConnectFault::missing, .what = "no such socket"},
      {.fault = ConnectFault::refused, .what = "nobody listens"},
      {.fault = ConnectFault::unreachable, .what = "no route"},
      {.fault = ConnectFault::tls, .what = "no secure channel"},
      {.kind = ErrorKind::denied, .fault = ConnectFault::denied, .what = "not allowed"},
      {.kind = ErrorKind::denied, .fault = ConnectFault::auth, .what = "unknown to it"},
      {.kind = ErrorKind::protocol, .fault = ConnectFault::not_this_api, .what = "not this API"},
      {.kind = ErrorKind::invalid_config, .what = "cannot be right"},
  }};
  return errors.at(value % errors.size());
}

Duration milliseconds_of(std::uint32_t value, std::uint32_t most) {
  return std::chrono::milliseconds(value % 3 == 0 ? 0 : value % most);
}

}  // namespace

SimEngine::SimEngine(const Scenario& of, boost::asio::io_context& context, SimEnv& environment,
                     Record& notes)
    : scenario(of),
      io(context),
      env(environment),
      record(notes),
      dice(of.seed ^ 0x9e3779b97f4a7c15),
      world(scenario, env),
      attempts(notes, of.flavour.local),
      endpoint(context.get_executor()) {
  world.on_entry = [this](const Entry& entry) { tell_sessions(entry); };
  world.on_silent_change = [this] { lost(); };
}

std::unique_ptr<Driver> SimEngine::driver() {
  return std::make_unique<SimDriver>(*this);
}

void SimEngine::begin_watch() {
  attempts = Attempts(record, scenario.flavour.local);
  ended_runs.clear();
  watch_began_ = world.clock();
  last_lists.clear();
}

void SimEngine::tell_sessions(const Entry& entry) {
  record.note(now(), "said", entry.id, static_cast<std::int64_t>(entry.change.index()));
  for (SimSession* session : sessions) {
    if (weather.losses > 0) {
      --weather.losses;
      lost();
    } else if (weather.doubted_losses > 0) {
      --weather.doubted_losses;
      if (world.lag > 0ns) lost();  // the list that follows may not hold it yet
      session->deliver_doubt(weather.stream_delay);
    } else {
      session->deliver(entry, weather.stream_delay, weather.shuffles);
      if (weather.repeats == 0) continue;
      --weather.repeats;
      session->deliver(entry, weather.stream_delay, false);
    }
  }
}

void SimEngine::delivered(const Entry& entry) {
  record.note(now(), "delivered", entry.id, static_cast<std::int64_t>(entry.number));
  last_event = std::max(last_event, entry.at);
  // A stream of whole instances reports only the present, and ends from before this watch may have
  // been reported to the last one.
  const Flavour& flavour = scenario.flavour;
  const bool tells_ends = !flavour.upserts || flavour.names_runs;
  if (entry.ended_run > 0 && tells_ends && entry.at > watch_began_) {
    ended_runs[entry.id].insert(entry.ended_run);
  }
  if (!std::holds_alternative<Touched>(entry.change)) told(entry.id);
}

void SimEngine::told(const std::string& id) {
  if (just_told(id)) forgive_crashes(id);
  told_at[id] = now();
  for (ToldList& list : last_lists) list.told_since.insert(id);
}

void SimEngine::forgive_crashes(const std::string& id) {
  std::erase_if(ended_runs[id], [&](unsigned run) { return world.crashed(id, run); });
}

bool SimEngine::just_told(const std::string& id) const {
  const auto at = told_at.find(id);
  return at != told_at.end() && at->second == now();
}

void SimEngine::listed(ToldList list, Monotonic taken) {
  ++lists;
  list.at = now();
  if (!last_lists.empty() && last_lists.back().at != list.at) last_lists.clear();
  last_lists.push_back(std::move(list));
  if (lost_at_ && taken > *lost_at_ + 500ms) lost_at_.reset();
}

void SimEngine::may_throw() {
  if (weather.throwing == 0) return;
  --weather.throwing;
  attempts.failed(now(), ErrorKind::protocol);
  record.note(now(), "throws");
  if (dice.one_in(3)) throw std::bad_alloc();
  if (dice.one_in(2)) throw std::runtime_error("what nobody expected");
  throw 42;  // NOLINT(hicpp-exception-baseclass): anything can be thrown
}

void SimEngine::act(const Step& step) {
  if (!act_on_weather(step) && !act_on_stream(step)) act_on_surroundings(step);
}

/// Acts whose effect lasts until it is changed.
bool SimEngine::act_on_weather(const Step& step) {
  switch (step.act) {
    case Act::slow_connect:
      weather.connect_delay = milliseconds_of(step.value, 400);
      return true;
    case Act::slow_list:
      weather.list_head = milliseconds_of(step.value, 300);
      weather.list_hold = milliseconds_of(step.target, 900);
      return true;
    case Act::slow_read:
      weather.read_spread = milliseconds_of(step.value, 1500);
      return true;
    case Act::slow_stream:
      weather.stream_delay = milliseconds_of(step.value, 1200);
      return true;
    case Act::lag:
      if (scenario.flavour.replays) world.lag = milliseconds_of(step.value, 300);
      return true;
    case Act::fail_lists:
      weather.failing_lists = 1 + step.value % 4;
      return true;
    case Act::fail_reads:
      weather.failing_reads = 1 + step.value % 3;
      return true;
    case Act::end_at_once:
      weather.instant_ends = 1 + step.value % (step.value % 2 == 0 ? 5 : 200);
      return true;
    case Act::shuffle:
      weather.shuffles = !weather.shuffles;
      return true;
    default:
      return false;
  }
}

/// Acts on the stream, or on the next entries in it.
bool SimEngine::act_on_stream(const Step& step) {
  const bool only_doubted = !scenario.flavour.lists_again;  // nothing else could find it
  switch (step.act) {
    case Act::cut:
      for (SimSession* session : sessions) session->cut({.what = "cut"});
      return true;
    case Act::end_cleanly:
      for (SimSession* session : sessions) session->end();
      return true;
    case Act::lose:
      (only_doubted ? weather.doubted_losses : weather.losses) = 1 + step.value % 3;
      return true;
    case Act::lose_with_doubt:
      weather.doubted_losses = 1 + step.value % 4;
      return true;
    case Act::doubt:
      for (SimSession* session : sessions) session->deliver_doubt(weather.stream_delay);
      return true;
    case Act::cut_and_doubt_list:
      weather.next_list_doubted = true;
      for (SimSession* session : sessions) session->cut({.what = "cut"});
      return true;
    case Act::throw_something:
      weather.throwing = 1 + step.value % 3;
      for (SimSession* session : sessions) session->wake();
      return true;
    case Act::repeat:
      weather.repeats = 1 + step.value % 5;
      return true;
    default:
      return false;
  }
}

void SimEngine::act_on_surroundings(const Step& step) {
  const Duration jump = std::chrono::minutes(step.value % 120) - 1h;
  if (step.act == Act::refuse) {
    weather.refusal = refusal_of(step.target);
    weather.refused_until = now() + std::chrono::milliseconds(step.value % 20'000);
    for (SimSession* session : sessions) session->cut({.what = "gone"});
  } else if (step.act == Act::mute) {
    weather.mute_until = now() + std::chrono::milliseconds(step.value % 90'000);
    env.call_after(weather.mute_until - now(), [this] {
      for (SimSession* session : sessions) session->wake();
    });
  } else if (step.act == Act::touch_endpoint) {
    endpoint.notify();
  } else if (step.act == Act::jump_clock) {
    clocks_jumped = true;
    if (step.target % 2 == 0) {
      world.clock_offset = jump;
    } else {
      env.jump(jump);
    }
  }
}

void SimEngine::calm() {
  const Monotonic mute_until = weather.mute_until;
  weather = {};
  weather.mute_until = std::min(mute_until, now());
  world.lag = 0ns;
  for (SimSession* session : sessions) session->wake();
}

void SimEngine::check() {
  if (sessions.size() > 1) {
    record.breach(now(), "a dropped session is let go",
                  fmt::format("{} are alive", sessions.size()));
  }
  for (const SimSession* session : sessions) {
    const Monotonic heard = session->last_heard();
    if (mute() && now() - heard > longest_mute) {
      record.breach(now(), "a mute engine is found out",
                    fmt::format("nothing for {} s", (now() - heard) / 1s));
    }
  }
}

}  // namespace rollcall::simulation
