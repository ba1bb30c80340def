#include "engine/watch.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "core/async/pace.hpp"
#include "core/budgets.hpp"
#include "core/failure.hpp"
#include "core/identified.hpp"
#include "core/instance_bounds.hpp"

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
      list_cause_(reflector.told_ ? Cause::resync : Cause::initial) {
  group_.on_failure([this](const std::exception_ptr& thrown) {
    minds_closing_ = false;
    note_fault(thrown);
  });
  watch_phase();
  keep_reserve();
}

Task<void> Watch::run(CancellationToken cancel) {
  // The callback may come from any thread: it only posts. The flag keeps a late one away from a
  // dead Watch.
  const auto alive = std::make_shared<bool>(true);
  const std::stop_callback on_cancel(std::move(cancel), [this, alive] {
    asio::post(reflector_.executor_, [this, alive] {
      if (!*alive) return;
      cancelled_ = true;
      inbox_signal_.notify();
    });
  });
  const IdentityQuestionPtr& question = reflector_.options_.identity;
  std::exception_ptr thrown;
  try {
    if (question) {
      question->answered_by([this] {
        if (session_) phase_.spawn(tell_identity(session_, epoch_));
      });
    }
    group_.spawn(wait_closed());
    report({.outcome = Outcome::begin, .epoch = epoch_});
    co_await control();
  } catch (...) {
    thrown = std::current_exception();
  }
  *alive = false;
  if (question) question->answered_by({});
  reserve_.reset();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  let_go();
  group_.cancel();
  co_await group_.join();
  restore_undelivered();
  if (is_cancellation(thrown)) throw boost::system::system_error(asio::error::operation_aborted);
  if (thrown) co_return fail(failure_of(thrown, reflector_.driver_->endpoint()));
  co_return std::move(result_);
}

asio::awaitable<void> Watch::control() {
  while (fsm_.state() != ReflectorFsm::State::done) {
    std::exception_ptr thrown = std::exchange(fault_, nullptr);
    if (!thrown) {
      try {
        co_await work_until_done();
      } catch (...) {
        thrown = std::current_exception();
      }
    }
    if (!thrown) thrown = std::exchange(fault_, nullptr);
    if (is_cancellation(thrown)) std::rethrow_exception(thrown);
    if (thrown) co_await recover(std::move(thrown));
  }
}

/// Handles reports until another coroutine fails or the watch ends.
asio::awaitable<void> Watch::work_until_done() {
  while (fsm_.state() != ReflectorFsm::State::done && !fault_) {
    if (std::exchange(cancelled_, false)) {
      co_await handle({.outcome = Outcome::cancelled, .epoch = epoch_});
    } else if (inbox_.empty()) {
      co_await inbox_signal_.wait();
    } else {
      Report report = std::move(inbox_.front());
      inbox_.pop_front();
      // Reports of a session that was dropped meanwhile are void.
      if (report.epoch == epoch_) co_await handle(std::move(report));
    }
  }
}

asio::awaitable<void> Watch::handle(Report report) {
  ReflectorFsm::Action action = resume(report);
  const Duration retry_in = action.delay;
  const std::string reason = action.reason;
  co_await perform(std::move(action), report);
  observe(report, retry_in, reason);
}

void Watch::observe(const Report& report, Duration retry_in, std::string_view reason) const {
  if (!reflector_.options_.on_transition) return;
  const std::size_t present = session_ ? session_->unknown_signals() : 0;
  reflector_.options_.on_transition({.outcome = report.outcome,
                                     .state = fsm_.state(),
                                     .retry_in = retry_in,
                                     .error = report.error ? &*report.error : nullptr,
                                     .reason = reason,
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

/// Remembers the events that the state machine has decided on, so that none is lost if something
/// fails before it is sent.
void Watch::owe(const ReflectorFsm::Action& action) {
  if (action.tell_disconnected && !std::exchange(owes_reconnected_, false)) {
    owes_disconnected_ = action.reason;
  }
  if (action.tell_reconnected) owes_reconnected_ = true;
  if (action.tell_synced) owes_synced_ = true;
  if (action.step == ReflectorFsm::Step::back_off) delay_ = action.delay;
}

asio::awaitable<void> Watch::perform(ReflectorFsm::Action action, Report& report) {
  owe(action);
  if (report.error) log_failure(*report.error);
  if (report.outcome == Outcome::connected) begin_session(std::move(report.session));
  if (action.drop_session) drop_session();
  tell_disconnected();
  if (action.apply_list) co_await apply_list(std::move(report.snapshot));
  if (action.apply_list) tell_return(action.step);
  if (action.error) result_ = fail(std::move(*action.error));
  begin(action.step, action.delay);
}

void Watch::tell_disconnected() {
  if (!owes_disconnected_) return;
  const Driver& driver = *reflector_.driver_;
  // An automatic backend may have another name when it is back.
  return_ = {.backend = std::string(driver.name()), .endpoint = std::string(driver.endpoint())};
  events_.send(BackendDisconnected{return_.backend, return_.endpoint, *owes_disconnected_});
  owes_disconnected_.reset();
}

/// Sends Reconnected and synced after a whole list was reported. Synced may be owed since an
/// earlier session, so it waits for a list that no other list follows at once; Reconnected is only
/// owed for such a list.
void Watch::tell_return(ReflectorFsm::Step step) {
  keep_reserve();
  if (owes_reconnected_) {
    last_failure_ = {};
    events_.send(return_);
    owes_reconnected_ = false;
  }
  if (owes_synced_ && step != ReflectorFsm::Step::list) {
    events_.synced();
    owes_synced_ = false;
  }
}

void Watch::begin(ReflectorFsm::Step step, Duration delay) {
  switch (step) {
    case ReflectorFsm::Step::connect:
      phase_.spawn(connect(epoch_));
      phase_.spawn(limit_connect(epoch_));
      break;
    case ReflectorFsm::Step::list:
      // Readings under way may be older than the list: their answers are void, and the instances
      // are read again.
      ++round_;
      book_.interrupt();
      doubted_ = false;
      list_answered_ = false;
      held_.clear();
      list_began_ = reflector_.env_->monotonic();
      phase_.spawn(list(session_, epoch_));
      break;
    case ReflectorFsm::Step::back_off:
      phase_.spawn(sleep_then_report(delay, epoch_));
      phase_.spawn(endpoint_then_report(epoch_));
      break;
    case ReflectorFsm::Step::watch:
      touched_.notify();  // what was touched during the list is read now
      while (auto change = held_.pop()) take(std::move(*change));
      break;
    case ReflectorFsm::Step::none:
    case ReflectorFsm::Step::finish:
      break;
  }
}

/// Lets go of the session or back-off. Needs no memory.
void Watch::let_go() {
  ++epoch_;
  phase_.cancel();
  session_.reset();
  readings_.clear();
  list_began_.reset();
  applying_ = false;
  over_bounds_ = false;
  looks_.clear();
  doubted_ = false;
  held_.clear();
}

void Watch::drop_session() {
  count_unknown_signals();
  let_go();
  phase_ = TaskGroup::within(group_);
  watch_phase();
  book_.interrupt();
}

bool Watch::live() const {
  return fsm_.state() == ReflectorFsm::State::watching && !applying_;
}

void Watch::begin_session(SessionPtr session) {
  session_ = std::move(session);
  last_change_ = reflector_.env_->monotonic();
  phase_.spawn(read_stream(session_, epoch_));
  phase_.spawn(resolve(session_, epoch_));
  phase_.spawn(probe_when_quiet(session_, epoch_));
  phase_.spawn(limit_session(epoch_));
  const IdentityQuestionPtr& question = reflector_.options_.identity;
  if (question && question->asked()) phase_.spawn(tell_identity(session_, epoch_));
  if (reflector_.driver_->resync_period() > 0s) phase_.spawn(resync_periodically(epoch_));
}

asio::awaitable<void> Watch::wait_closed() {
  co_await events_.wait_closed();
  cancelled_ = true;
  inbox_signal_.notify();
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
  list_began_.reset();
  if (!snapshot) {
    report_failure(Outcome::list_failed, epoch, std::move(snapshot.error()));
  } else if (snapshot->readings.size() > budget::engine_instances) {
    report_failure(Outcome::list_failed, epoch, too_many());
  } else {
    Pace pace;
    for (Reading& reading : snapshot->readings) {
      if (pace.due()) co_await pace.rest();
      reading.instance = within_bounds(std::move(reading.instance));
    }
    if (epoch == epoch_) {
      report({.outcome = Outcome::listed, .epoch = epoch, .snapshot = std::move(*snapshot)});
    }
  }
}

asio::awaitable<void> Watch::sleep_then_report(Duration delay, std::uint64_t epoch) {
  co_await reflector_.env_->sleep_for(delay);
  report({.outcome = Outcome::backoff_over, .epoch = epoch});
}

asio::awaitable<void> Watch::endpoint_then_report(std::uint64_t epoch) {
  co_await reflector_.driver_->endpoint_changed();
  // A socket exists a moment before its owner listens on it.
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
    const bool ended = std::holds_alternative<StreamEnded>(*change);
    take(std::move(*change));
    if (ended) co_return;
  }
}

asio::awaitable<void> Watch::resolve(SessionPtr session, std::uint64_t epoch) {
  for (;;) {
    co_await touched_.wait();
    if (epoch != epoch_) {
      touched_.notify();  // meant for the resolver of the session that is there now
      co_return;
    }
    while (live() && readings_.size() < max_readings && book_.ready()) {
      const auto under_way = readings_.insert(readings_.end(), reflector_.env_->monotonic());
      phase_.spawn(read(session, epoch, book_.take(max_batch), under_way));
    }
  }
}

/// Answers the identity question. An engine that cannot tell its identity is an answer too, not a
/// failure of the session.
asio::awaitable<void> Watch::tell_identity(SessionPtr session, std::uint64_t epoch) {
  auto* const identified = dynamic_cast<Identified*>(session.get());
  IdentityQuestion::Answer answer;
  if (identified != nullptr) {
    auto told = co_await identified->identity();
    if (epoch != epoch_) co_return;
    if (told && !told->empty()) answer = std::move(*told);
  }
  reflector_.options_.identity->answer(std::move(answer));
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

}  // namespace rollcall
