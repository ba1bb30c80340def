#include "simulation/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <rollcall/channel.hpp>

#include "engine/reflector.hpp"
#include "simulation/judge.hpp"
#include "simulation/record.hpp"
#include "simulation/sim_engine.hpp"
#include "simulation/sim_env.hpp"

namespace rollcall::simulation {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Can destroy all coroutines before the objects they use: a run that breaks a law ends midway.
struct Executor : asio::io_context {
  using asio::io_context::shutdown;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, bool keeps_lines);
  ~Simulation() { io_.shutdown(); }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  Simulation(Simulation&&) = delete;
  Simulation& operator=(Simulation&&) = delete;

  Verdict run();

 private:
  void perform(const Step& step);
  void advance(Duration duration);
  void finish();
  void begin_watch();
  void end_watch(bool by_closing);
  void list();
  void expect_listed(const Result<std::vector<InstancePtr>>& listed);
  void expect_nothing_left();
  /// Whether the watch has ended with the one error that ends it by itself.
  [[nodiscard]] bool wrong_config() const {
    return !*ended_ && ended_->error().kind == ErrorKind::invalid_config;
  }
  void take_all(const std::optional<RuntimeEvent>& first);
  asio::awaitable<void> consume();
  void breach(std::string_view law, std::string_view detail) {
    record_.breach(env_->monotonic(), law, detail);
  }

  const Scenario& scenario_;
  Record record_;
  Executor io_;
  std::shared_ptr<SimEnv> env_ = std::make_shared<SimEnv>(io_, scenario_.seed + 1);
  SimEngine engine_;
  Judge judge_;
  Reflector reflector_;
  std::optional<EventChannel> channel_;
  std::stop_source stop_;
  std::optional<Result<void>> ended_;
  Signal resumed_;
  bool stalled_ = false;
  bool behind_ = false;
  bool consuming_ = false;
  std::size_t listings_ = 0;
};

Simulation::Simulation(const Scenario& scenario, bool keeps_lines)
    : scenario_(scenario),
      record_(keeps_lines),
      engine_(scenario, io_, *env_, record_),
      judge_(engine_),
      reflector_(engine_.driver(), io_.get_executor(), env_, {}),
      resumed_(io_.get_executor()) {}

Verdict Simulation::run() {
  begin_watch();
  for (const Step& step : scenario_.steps) {
    advance(step.after);
    if (record_.broken()) break;
    perform(step);
  }
  if (!record_.broken()) finish();
  return {.broken = record_.sentence(), .hash = record_.hash(), .lines = record_.lines()};
}

void Simulation::advance(Duration duration) {
  // In pieces, so that a mute engine that the watch does not notice is noticed here.
  constexpr Duration piece = 5s;
  do {
    const Duration now = std::min(duration, piece);
    if (!env_->advance(now)) breach("no busy loop", "time does not move on");
    engine_.check();
    if (ended_ && !record_.broken()) {
      if (!wrong_config()) {
        return breach("a watch goes on until it is cancelled", "it ended by itself");
      }
      end_watch(false);
      begin_watch();
    }
    duration -= now;
  } while (duration > 0ns && !record_.broken());
}

void Simulation::perform(const Step& step) {
  record_.note(env_->monotonic(), "STEP", to_string(step.act), step.value);
  switch (step.act) {
    case Act::stall:
      stalled_ = true;
      behind_ = true;
      break;
    case Act::resume:
      stalled_ = false;
      resumed_.notify();
      break;
    case Act::list:
      list();
      break;
    case Act::cancel:
    case Act::close:
      end_watch(step.act == Act::close);
      if (!record_.broken()) begin_watch();
      break;
    default:
      if (step.act <= Act::burst) {
        engine_.world.act(step);
      } else {
        engine_.act(step);
      }
      break;
  }
}

void Simulation::begin_watch() {
  channel_.emplace(make_event_channel(io_.get_executor()));
  stop_ = {};
  ended_.reset();
  judge_.begin_watch();
  engine_.begin_watch();
  asio::co_spawn(io_, reflector_.watch(std::move(channel_->sender), stop_.get_token()),
                 [this](const std::exception_ptr& thrown, Result<void> result) {
                   if (thrown) breach("only cancellation throws", "a watch threw");
                   ended_ = std::move(result);
                 });
  consuming_ = true;
  asio::co_spawn(io_, consume(), [this](const std::exception_ptr&) { consuming_ = false; });
}

/// Takes all queued events as one batch, after `first` if there is one.
void Simulation::take_all(const std::optional<RuntimeEvent>& first) {
  judge_.begin_taking(!behind_);
  auto event = first ? first : channel_->receiver.try_receive();
  for (; event; event = channel_->receiver.try_receive()) {
    judge_.take(*event, channel_->receiver.synced());
  }
  behind_ = stalled_;
}

asio::awaitable<void> Simulation::consume() {
  for (;;) {
    while (stalled_) co_await resumed_.wait();
    take_all({});
    const auto event = co_await channel_->receiver.receive();
    if (!event) co_return;
    take_all(event);
  }
}

/// Closes the channel or cancels the watch. Both must end it at once and with success, and events
/// sent before a cancellation can still be taken.
void Simulation::end_watch(bool by_closing) {
  if (by_closing) {
    channel_->receiver.close();
    ended_.reset();
  }
  stalled_ = false;
  resumed_.notify();
  if (!by_closing) stop_.request_stop();
  if (!env_->advance(0ns)) breach("no busy loop", "time does not move on");
  if (!ended_) return breach("a watch ends when it is asked to", by_closing ? "close" : "cancel");
  if (!*ended_ && !wrong_config()) breach("cancellation is success", ended_->error().what);
  if (consuming_) breach("the end of a watch wakes its consumer", "it still waits");
  if (!engine_.sessions.empty()) breach("nothing is left after a watch", "a session");
  channel_.reset();
  behind_ = false;
}

void Simulation::list() {
  ++listings_;
  asio::co_spawn(io_, reflector_.list_instances(),
                 [this](const std::exception_ptr& thrown, Result<std::vector<InstancePtr>> listed) {
                   --listings_;
                   if (thrown) breach("only cancellation throws", "a list threw");
                   expect_listed(listed);
                 });
}

void Simulation::expect_listed(const Result<std::vector<InstancePtr>>& listed) {
  if (!listed) return;
  for (const InstancePtr& instance : *listed) {
    if (!in_running_set(*instance)) breach("a list holds what runs", instance->key.id);
  }
  const auto key = [](const InstancePtr& instance) -> const InstanceKey& { return instance->key; };
  if (!std::ranges::is_sorted(*listed, {}, key)) breach("a list is sorted", "by key");
}

void Simulation::finish() {
  engine_.calm();
  perform({.act = Act::resume});
  advance(65s);  // the longest back-off, twice, and what was under way
  judge_.expect_connected(channel_->receiver.synced());
  if (!engine_.owes()) {
    judge_.expect_equal_to_world("a minute after all is well");
    if (!engine_.clocks_jumped) judge_.expect_ends_told();
  }
  if (scenario_.flavour.lists_again) advance(13min);
  judge_.expect_equal_to_world("after the periodic list");
  if (record_.broken()) return;
  end_watch(scenario_.seed % 2 == 0);
  expect_nothing_left();
}

void Simulation::expect_nothing_left() {
  if (record_.broken()) return;
  if (listings_ > 0) breach("a list ends", "one is under way");
  if (env_->sleepers() > 0) breach("nothing is left after a watch", "somebody sleeps");
  io_.restart();
  if (io_.poll() > 0 || !io_.stopped()) breach("nothing is left after a watch", "on the executor");
}

}  // namespace

Verdict simulate(const Scenario& scenario, bool keeps_lines) {
  return Simulation(scenario, keeps_lines).run();
}

}  // namespace rollcall::simulation
