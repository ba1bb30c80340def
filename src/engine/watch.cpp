#include "engine/watch.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace rollcall {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t max_readings = 8;  // requests in flight beside the stream
constexpr std::size_t max_batch = 100;   // ids in one request
constexpr Duration quiet_before_probe = 30s;
constexpr Duration settle_endpoint = 20ms;
constexpr double resync_spread = 0.2;

}  // namespace

Watch::Watch(Reflector& reflector, EventSender events)
    : reflector_(reflector),
      events_(std::move(events)),
      fsm_(reflector.options_.healing.value_or(
          reflector.driver_->local() ? HealingPolicy::for_local() : HealingPolicy::for_remote())),
      group_(reflector.executor_),
      phase_(TaskGroup::within(group_)),
      inbox_signal_(reflector.executor_),
      touched_(reflector.executor_),
      list_cause_(reflector.told_ ? Cause::resync : Cause::initial) {}

Task<void> Watch::run(CancellationToken cancel) {
  // The callback may come from any thread: it only posts. The flag keeps a late one away from a
  // dead Watch.
  const auto alive = std::make_shared<bool>(true);
  const std::stop_callback on_cancel(std::move(cancel), [this, alive] {
    asio::post(reflector_.executor_, [this, alive] {
      if (*alive) report({.outcome = Outcome::cancelled, .epoch = epoch_});
    });
  });
  group_.spawn(wait_closed());
  report({.outcome = Outcome::begin, .epoch = epoch_});

  bool unwound = false;
  try {
    co_await control();
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;
    unwound = true;
  }
  *alive = false;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  drop_session();
  group_.cancel();
  co_await group_.join();
  restore_undelivered();
  if (unwound) throw boost::system::system_error(asio::error::operation_aborted);
  co_return std::move(result_);
}

asio::awaitable<void> Watch::control() {
  while (fsm_.state() != ReflectorFsm::State::done) {
    while (inbox_.empty()) co_await inbox_signal_.wait();
    Report report = std::move(inbox_.front());
    inbox_.pop_front();
    // A report of a session that was dropped meanwhile is void; the wish to end never is.
    if (report.epoch != epoch_ && report.outcome != Outcome::cancelled) continue;
    ReflectorFsm::Action action = resume(report);
    const Duration retry_in = action.delay;
    perform(action, report);
    observe(report, retry_in);
  }
}

void Watch::observe(const Report& report, Duration retry_in) const {
  if (!reflector_.options_.on_transition) return;
  const std::size_t present = session_ ? session_->unknown_signals() : 0;
  reflector_.options_.on_transition({.outcome = report.outcome,
                                     .state = fsm_.state(),
                                     .retry_in = retry_in,
                                     .error = report.error ? &*report.error : nullptr,
                                     .unknown_signals = reflector_.unknown_signals_ + present,
                                     .backend = reflector_.driver_->name(),
                                     .endpoint = reflector_.driver_->endpoint()});
}

void Watch::report(Report report) {
  inbox_.push_back(std::move(report));
  inbox_signal_.notify();
}

void Watch::report_failure(Outcome outcome, std::uint64_t epoch, RuntimeError error) {
  report({.outcome = outcome, .epoch = epoch, .error = std::move(error)});
}

ReflectorFsm::Action Watch::resume(const Report& report) {
  return fsm_.resume({.outcome = report.outcome,
                      .now = reflector_.env_->monotonic(),
                      .chance = reflector_.env_->random(),
                      .error = report.error ? &*report.error : nullptr});
}

void Watch::perform(ReflectorFsm::Action& action, Report& report) {
  if (report.error) log_failure(*report.error);
  if (report.outcome == Outcome::connected) begin_session(std::move(report.session));
  if (action.drop_session) drop_session();
  if (action.tell_disconnected) {
    const std::string reason =
        report.error ? report.error->describe() : "the engine ended the stream at once";
    lost_name_ = reflector_.name();  // an automatic backend may have another when it is back
    events_.send(BackendDisconnected{lost_name_, reason});
  }
  if (action.apply_list) apply_list(report.snapshot);
  if (action.tell_reconnected) {
    last_failure_ = {};
    events_.send(BackendReconnected{lost_name_});
  }
  if (action.tell_synced) events_.synced();
  if (action.error) result_ = fail(std::move(*action.error));
  begin(action.step, action.delay);
}

void Watch::begin(ReflectorFsm::Step step, Duration delay) {
  switch (step) {
    case ReflectorFsm::Step::connect:
      phase_.spawn(connect(epoch_));
      break;
    case ReflectorFsm::Step::list:
      // What is being read now may be older than the list: its answers are void, and it is read
      // again.
      ++round_;
      book_.interrupt();
      doubted_ = false;
      list_answered_ = false;
      held_.clear();
      phase_.spawn(list(session_, epoch_));
      break;
    case ReflectorFsm::Step::back_off:
      phase_.spawn(sleep_then_report(delay, epoch_));
      phase_.spawn(endpoint_then_report(epoch_));
      break;
    case ReflectorFsm::Step::watch:
      touched_.notify();  // what was touched during the list is read now
      for (const Change& change : std::exchange(held_, {})) take(change);
      break;
    case ReflectorFsm::Step::none:
    case ReflectorFsm::Step::finish:
      break;
  }
}

void Watch::drop_session() {
  count_unknown_signals();
  ++epoch_;
  phase_.cancel();
  phase_ = TaskGroup::within(group_);
  session_.reset();
  readings_ = 0;
  book_.interrupt();
  looks_.clear();
  doubted_ = false;
  held_.clear();
}

void Watch::begin_session(SessionPtr session) {
  session_ = std::move(session);
  last_change_ = reflector_.env_->monotonic();
  phase_.spawn(read_stream(session_, epoch_));
  phase_.spawn(resolve(session_, epoch_));
  phase_.spawn(probe_when_quiet(session_, epoch_));
  if (reflector_.driver_->resync_period() > 0s) phase_.spawn(resync_periodically(epoch_));
}

void Watch::log_failure(const RuntimeError& error) {
  if (!reflector_.options_.log || error == last_failure_) return;
  last_failure_ = error;
  // That an engine is away is told by the event; that it will not have us needs somebody to act.
  const bool away = error.kind == ErrorKind::unavailable;
  reflector_.options_.log(away ? LogLevel::info : LogLevel::warning, error.describe());
}

/// Of the session that ends now.
void Watch::count_unknown_signals() {
  const std::size_t count = session_ ? session_->unknown_signals() : 0;
  if (count == 0) return;
  reflector_.unknown_signals_ += count;
  if (!reflector_.options_.log) return;
  reflector_.options_.log(
      LogLevel::info,
      fmt::format("{}: signals of unknown meaning: {} in this session, {} since the first; what "
                  "they are about was read again",
                  reflector_.driver_->endpoint(), count, reflector_.unknown_signals_));
}

asio::awaitable<void> Watch::wait_closed() {
  co_await events_.wait_closed();
  report({.outcome = Outcome::cancelled, .epoch = epoch_});
}

asio::awaitable<void> Watch::connect(std::uint64_t epoch) {
  auto session = co_await reflector_.driver_->connect(Purpose::watch);
  if (session) {
    report({.outcome = Outcome::connected, .epoch = epoch, .session = std::move(*session)});
  } else {
    report_failure(Outcome::connect_failed, epoch, std::move(session.error()));
  }
}

asio::awaitable<void> Watch::list(SessionPtr session, std::uint64_t epoch) {
  auto snapshot = co_await session->list();
  if (epoch != epoch_) co_return;
  list_answered_ = true;
  if (snapshot) {
    report({.outcome = Outcome::listed, .epoch = epoch, .snapshot = std::move(*snapshot)});
  } else {
    report_failure(Outcome::list_failed, epoch, std::move(snapshot.error()));
  }
}

asio::awaitable<void> Watch::sleep_then_report(Duration delay, std::uint64_t epoch) {
  co_await reflector_.env_->sleep_for(delay);
  report({.outcome = Outcome::backoff_over, .epoch = epoch});
}

asio::awaitable<void> Watch::endpoint_then_report(std::uint64_t epoch) {
  co_await reflector_.driver_->endpoint_changed();
  // A socket is there a moment before its owner listens on it.
  co_await reflector_.env_->sleep_for(settle_endpoint);
  report({.outcome = Outcome::backoff_over, .epoch = epoch});
}

asio::awaitable<void> Watch::read_stream(SessionPtr session, std::uint64_t epoch) {
  for (;;) {
    auto change = co_await session->next();
    if (epoch != epoch_) co_return;
    if (!change) {
      report_failure(Outcome::stream_failed, epoch, std::move(change.error()));
      co_return;
    }
    take(*change);
    if (std::holds_alternative<StreamEnded>(*change)) co_return;
  }
}

asio::awaitable<void> Watch::resolve(SessionPtr session, std::uint64_t epoch) {
  for (;;) {
    co_await touched_.wait();
    if (epoch != epoch_) {
      touched_.notify();  // meant for the resolver of the session that is there now
      co_return;
    }
    while (fsm_.state() == ReflectorFsm::State::watching && readings_ < max_readings &&
           book_.ready()) {
      ++readings_;
      phase_.spawn(read(session, epoch, book_.take(max_batch)));
    }
  }
}

asio::awaitable<void> Watch::read(SessionPtr session, std::uint64_t epoch,
                                  std::vector<Touched> batch) {
  const std::uint64_t round = round_;
  auto snapshot = co_await session->read(batch);
  if (epoch != epoch_) co_return;
  --readings_;
  if (!snapshot) {
    report_failure(Outcome::stream_failed, epoch, std::move(snapshot.error()));
    co_return;
  }
  touched_.notify();
  if (round != round_) co_return;
  std::map<std::string_view, const Reading*> found;
  for (const Reading& reading : snapshot->readings) found[reading.instance->key.id] = &reading;
  for (const Touched& touched : batch) {
    const auto at = found.find(touched.id);
    apply_reading(touched.id, at == found.end() ? nullptr : at->second, snapshot->taken_at);
  }
}

asio::awaitable<void> Watch::probe_when_quiet(SessionPtr session, std::uint64_t epoch) {
  for (;;) {
    const Duration quiet = reflector_.env_->monotonic() - last_change_;
    if (quiet < quiet_before_probe) {
      co_await reflector_.env_->sleep_for(quiet_before_probe - quiet);
      continue;
    }
    auto answer = co_await session->probe();
    if (!answer) {
      report_failure(Outcome::stream_failed, epoch, std::move(answer.error()));
      co_return;
    }
    last_change_ = reflector_.env_->monotonic();
  }
}

asio::awaitable<void> Watch::resync_periodically(std::uint64_t epoch) {
  for (;;) {
    const double spread = 1 - resync_spread + 2 * resync_spread * reflector_.env_->random();
    const auto period = static_cast<double>(reflector_.driver_->resync_period().count());
    co_await reflector_.env_->sleep_for(Duration(static_cast<Duration::rep>(period * spread)));
    report({.outcome = Outcome::desynced, .epoch = epoch});
  }
}

asio::awaitable<void> Watch::touch_later(std::string id, Duration delay) {
  co_await reflector_.env_->sleep_for(delay);
  touch({.id = std::move(id), .at = reflector_.env_->now(), .mark = RunMark::changed});
}

}  // namespace rollcall
