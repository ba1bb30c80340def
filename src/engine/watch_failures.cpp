// How a watch handles exceptions and operations that never end.
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/failure.hpp"
#include "engine/watch.hpp"

namespace rollcall {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration between_checks = 15s;  // of the operations under way
constexpr std::size_t reserve_size = std::size_t{64} << 10U;

RuntimeError never_ends(std::string_view endpoint, std::string_view what, Duration limit) {
  return {.kind = ErrorKind::protocol,
          .endpoint = std::string(endpoint),
          .what = fmt::format("{} has not come to an end within {} s", what, limit / 1s),
          .remedy = "the engine is overloaded, or does not behave as one: look at its log"};
}

}  // namespace

RuntimeError Watch::too_many() const {
  return {.kind = ErrorKind::protocol,
          .endpoint = std::string(reflector_.driver_->endpoint()),
          .what = fmt::format("the engine lists more than {} instances", budget::engine_instances),
          .remedy = "narrow what is watched, or see what makes so many"};
}

void Watch::keep_reserve() noexcept {
  if (!reserve_) reserve_.reset(new (std::nothrow) std::byte[reserve_size]);
}

void Watch::note_fault(const std::exception_ptr& thrown) noexcept {
  if (!fault_) fault_ = thrown;
  inbox_signal_.notify();
}

/// Notes failures of the present phase; those of a past phase are ignored.
void Watch::watch_phase() {
  phase_.on_failure([this, epoch = epoch_](const std::exception_ptr& thrown) {
    if (epoch == epoch_) note_fault(thrown);
  });
}

/// Drops the session and backs off. Unfinished work is given up: the next list makes up for it.
asio::awaitable<void> Watch::recover(std::exception_ptr thrown) {
  using State = ReflectorFsm::State;
  reserve_.reset();
  let_go();
  inbox_.clear();
  fault_ = nullptr;
  RuntimeError error = failure_of(thrown, reflector_.driver_->endpoint());
  thrown = nullptr;
  give_back_memory();
  drop_session();
  if (!std::exchange(minds_closing_, true)) group_.spawn(wait_closed());
  const Outcome outcome = fsm_.state() == State::connecting ? Outcome::connect_failed
                          : fsm_.state() == State::listing  ? Outcome::list_failed
                                                            : Outcome::stream_failed;
  Report failure{.outcome = outcome, .epoch = epoch_, .error = std::move(error)};
  if (fsm_.state() != State::backing_off) co_return co_await handle(std::move(failure));
  tell_disconnected();
  begin(ReflectorFsm::Step::back_off, delay_);
}

/// Bounds what a stream adds to a list; lists are bounded where they are read.
void Watch::check_bounds() {
  if (over_bounds_) return;
  const std::string_view endpoint = reflector_.driver_->endpoint();
  if (reflector_.known_.size() > budget::engine_instances) {
    over_bounds_ = true;
    report_failure(Outcome::stream_failed, epoch_, too_many());
  } else if (book_.bytes() > budget::signalled_bytes) {
    over_bounds_ = true;
    book_ = TouchBook();  // the next list contains all of them
    report_failure(Outcome::stream_failed, epoch_,
                   {.kind = ErrorKind::protocol,
                    .endpoint = std::string(endpoint),
                    .what = "the engine signals more instances than can be read",
                    .remedy = "see what it is that begins so often"});
  }
}

/// The deadline for connecting as a whole: name look-ups, handshakes and response heads have only
/// deadlines of their own.
asio::awaitable<void> Watch::limit_connect(std::uint64_t epoch) {
  co_await reflector_.env_->sleep_for(budget::connect_limit);
  if (epoch != epoch_ || fsm_.state() != ReflectorFsm::State::connecting) co_return;
  report_failure(
      Outcome::connect_failed, epoch,
      never_ends(reflector_.driver_->endpoint(), "the attempt to connect", budget::connect_limit));
}

/// The deadline for a whole list or reading: an answer that trickles in would meet no other one.
asio::awaitable<void> Watch::limit_session(std::uint64_t epoch) {
  for (;;) {
    co_await reflector_.env_->sleep_for(between_checks);
    if (epoch != epoch_) co_return;
    const Monotonic oldest = reflector_.env_->monotonic() - budget::list_limit;
    const std::string_view endpoint = reflector_.driver_->endpoint();
    if (list_began_ && *list_began_ < oldest) {
      co_return report_failure(Outcome::list_failed, epoch,
                               never_ends(endpoint, "the list", budget::list_limit));
    }
    // Readings are kept in the order in which they began.
    if (!readings_.empty() && readings_.front() < oldest) {
      co_return report_failure(Outcome::stream_failed, epoch,
                               never_ends(endpoint, "a reading", budget::list_limit));
    }
  }
}

void Watch::log_failure(const RuntimeError& error) {
  if (!reflector_.options_.log || error == last_failure_) return;
  last_failure_ = error;
  // The event already reports that an engine is away; a refusal needs the user to act.
  const bool away = error.kind == ErrorKind::unavailable;
  reflector_.options_.log(away ? LogLevel::info : LogLevel::warning, error.describe());
}

/// Adds up and logs the unknown signals of the session that ends now.
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

}  // namespace rollcall
