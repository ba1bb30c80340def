#include "simulation/sim_session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace rollcall::simulation {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_readings = 8;
constexpr std::size_t most_ids = 100;
constexpr Duration deadline_of_head = 30s;
constexpr Duration deadline_of_probe = 10s;

/// Calls a function when a coroutine ends or is unwound.
template <class F>
class Finally {
 public:
  explicit Finally(F call) : call_(std::move(call)) {}
  ~Finally() { call_(); }
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  Finally(Finally&&) = delete;
  Finally& operator=(Finally&&) = delete;

 private:
  F call_;
};

}  // namespace

SimSession::SimSession(SimEngine& engine, Purpose purpose)
    : engine_(engine),
      purpose_(purpose),
      ready_(engine.io.get_executor()),
      last_heard_(engine.now()) {
  if (purpose == Purpose::watch) engine_.sessions.push_back(this);
}

SimSession::~SimSession() {
  std::erase(engine_.sessions, this);
}

void SimSession::wake_after(Duration delay) {
  if (delay <= 0ns) return ready_.notify();
  engine_.env.call_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ready_.notify();
  });
}

void SimSession::deliver(const Entry& entry, Duration delay, bool shuffled) {
  auto at = buffer_.end();
  // Never past an entry about the same instance.
  while (shuffled && at != buffer_.begin() && std::prev(at)->entry.id != entry.id &&
         engine_.dice.one_in(2)) {
    --at;
  }
  buffer_.insert(at, {engine_.now() + delay, entry});
  wake_after(delay);
}

void SimSession::deliver_doubt(Duration delay) {
  const Entry doubt{.number = 0, .id = {}, .change = ResyncNeeded{"something was lost"}};
  deliver(doubt, delay, false);
}

void SimSession::replay(Timestamp since) {
  const auto& log = engine_.world.log();
  // Entries that the engine has forgotten are not replayed, and a lagging list may not show them.
  if (!log.empty() && log.front().number > 1 && log.front().at >= since) engine_.lost();
  for (const Entry& entry : log) {
    if (entry.at >= since) deliver(entry, 0ns, false);
  }
}

void SimSession::cut(RuntimeError error) {
  failure_ = std::move(error);
  buffer_.clear();
  ready_.notify();
}

void SimSession::end() {
  ended_ = true;
  ready_.notify();
}

std::optional<Change> SimSession::pop() {
  const bool positioned = engine_.scenario.flavour.upserts;
  if (engine_.mute() || (positioned && (listing_ || !position_))) return std::nullopt;
  while (!buffer_.empty() && buffer_.front().due <= engine_.now()) {
    const Entry entry = std::move(buffer_.front().entry);
    buffer_.pop_front();
    const bool doubt = std::holds_alternative<ResyncNeeded>(entry.change);
    if (positioned && !doubt && entry.number <= *position_) continue;
    if (doubt) {
      engine_.doubted();
    } else {
      engine_.delivered(entry);
    }
    last_heard_ = engine_.now();
    return entry.change;
  }
  return std::nullopt;
}

Task<Change> SimSession::next() {
  if (std::exchange(waiting_, true)) {
    engine_.record.breach(engine_.now(), "one next() at a time", "called twice");
  }
  const Finally done([this] { waiting_ = false; });
  for (;;) {
    may_throw();
    if (failure_) co_return fail(failed(*failure_));
    if (auto change = pop()) co_return *std::move(change);
    if (ended_ && !engine_.mute()) {
      engine_.attempts.ended_cleanly(engine_.now());
      co_return Change(StreamEnded{});
    }
    co_await ready_.wait();
  }
}

RuntimeError SimSession::failed(RuntimeError error) {
  if (purpose_ == Purpose::watch) engine_.attempts.failed(engine_.now(), error.kind);
  return error;
}

void SimSession::may_throw() {
  if (purpose_ == Purpose::watch) engine_.may_throw();
}

/// Waits until an answer comes: a mute engine gives none, a failing one an error.
Task<void> SimSession::answer(Duration delay, std::uint32_t& failing) {
  may_throw();
  if (delay > 0ns) co_await engine_.env.sleep_for(delay);
  if (engine_.mute()) {
    const Duration rest = engine_.weather.mute_until - engine_.now();
    co_await engine_.env.sleep_for(std::min(rest, deadline_of_head));
    if (rest > deadline_of_head) co_return fail(failed({.what = "no answer"}));
  }
  if (failing > 0) {
    --failing;
    const bool denied = engine_.dice.one_in(4);
    RuntimeError error{.kind = denied ? ErrorKind::denied : ErrorKind::protocol, .what = "failed"};
    co_return fail(failed(std::move(error)));
  }
  if (failure_) co_return fail(failed(*failure_));
  co_return Result<void>();
}

Task<Snapshot> SimSession::list() {
  ++lists_;
  listing_ = true;
  const Finally done([this] {
    listing_ = false;
    ready_.notify();
  });
  being_read_.clear();
  ToldList listed;
  const std::uint64_t doubts = engine_.doubts;
  const Timestamp taken_at = engine_.world.listed_up_to();
  std::uint32_t none = 0;
  const std::map<std::string, unsigned> runs = engine_.world.all_runs();
  auto head = co_await answer(engine_.weather.list_head, none);
  if (!head) co_return fail(std::move(head.error()));
  for (const auto& [id, run] : runs) engine_.blurred[id] += engine_.world.runs_of(id) - run;
  Snapshot snapshot = engine_.world.snapshot();
  const Monotonic taken = engine_.now();
  const std::uint64_t position = engine_.world.last_number();
  Duration hold = engine_.weather.list_hold;
  if (purpose_ == Purpose::watch && std::exchange(engine_.weather.next_list_doubted, false)) {
    deliver_doubt(0ns);
    hold = std::max<Duration>(hold, 1ms);  // time to receive the doubt before the list
  }
  auto body = co_await answer(hold, engine_.weather.failing_lists);
  if (!body) co_return fail(std::move(body.error()));
  snapshot.taken_at = taken_at;
  for (const Reading& reading : snapshot.readings) {
    if (in_running_set(*reading.instance)) {
      listed.running[reading.instance->key.id] = reading.instance;
    }
  }
  listed.settles_doubt = doubts == engine_.doubts;
  engine_.record.note(engine_.now(), "listed", {}, static_cast<std::int64_t>(position));
  if (purpose_ == Purpose::watch) engine_.listed(std::move(listed), taken);
  position_ = position;
  co_return snapshot;
}

/// Checks the bounds of readings. False: an instance is being read already, or none is named.
bool SimSession::check_reading(const std::vector<Touched>& touched) {
  if (readings_ >= most_readings || touched.size() > most_ids) {
    engine_.record.breach(engine_.now(), "bounded readings",
                          fmt::format("{} in flight, {} ids", readings_ + 1, touched.size()));
  }
  for (const Touched& each : touched) {
    if (being_read_.contains(each.id)) {
      engine_.record.breach(engine_.now(), "one reading of one instance at a time", each.id);
      return false;
    }
  }
  return !touched.empty();
}

asio::awaitable<void> SimSession::wait_for_store(std::vector<Touched> touched) {
  for (const Touched& each : touched) {
    if (each.mark == RunMark::began) continue;
    const Duration lag = engine_.world.lag_of(each.id);
    if (lag > 0ns) co_await engine_.env.sleep_for(lag);
  }
}

Task<Snapshot> SimSession::read(std::vector<Touched> touched) {
  Snapshot snapshot;
  if (!check_reading(touched)) co_return snapshot;
  ++readings_;
  for (const Touched& each : touched) being_read_.insert(each.id);
  const Finally done([this, touched, lists = lists_] {
    --readings_;
    if (lists != lists_) return;
    for (const Touched& each : touched) being_read_.erase(each.id);
  });
  engine_.record.note(engine_.now(), "reading", touched.front().id,
                      static_cast<std::int64_t>(touched.size()));
  co_await wait_for_store(touched);
  snapshot.taken_at = engine_.world.clock();
  std::map<std::string, unsigned> runs;
  for (const Touched& each : touched) runs[each.id] = engine_.world.runs_of(each.id);
  const auto spread = static_cast<std::uint64_t>(engine_.weather.read_spread.count());
  const Duration late(spread == 0 ? 0 : engine_.dice.below(spread));
  std::uint32_t none = 0;
  auto head = co_await answer(late / 3, none);
  if (!head) co_return fail(std::move(head.error()));
  for (const Touched& each : touched) {
    engine_.blurred[each.id] += engine_.world.runs_of(each.id) - runs[each.id];
    if (auto reading = engine_.world.look(each.id)) snapshot.readings.push_back(*reading);
  }
  auto body = co_await answer(late - late / 3, engine_.weather.failing_reads);
  if (!body) co_return fail(std::move(body.error()));
  for (const Touched& each : touched) {
    engine_.told(each.id);
  }
  engine_.record.note(engine_.now(), "read", touched.front().id,
                      static_cast<std::int64_t>(touched.size()));
  co_return snapshot;
}

Task<void> SimSession::probe() {
  may_throw();
  if (engine_.mute()) {
    co_await engine_.env.sleep_for(deadline_of_probe);
    co_return fail(failed({.fault = ConnectFault::mute, .what = "the probe had no answer"}));
  }
  last_heard_ = engine_.now();
  co_return Result<void>();
}

}  // namespace rollcall::simulation
