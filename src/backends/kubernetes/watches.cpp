// The watches of a session.
#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "backends/kubernetes/session.hpp"
#include "core/budgets.hpp"
#include "core/failure.hpp"

namespace rollcall::kubernetes {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Whether so many changes wait to be taken that reading must pause.
bool too_many_wait(const ChangeQueue& changes) {
  return changes.size() > budget::waiting_changes || changes.bytes() > budget::waiting_change_bytes;
}

constexpr Duration short_life = 1s;                // of a watch that counts as a failure
constexpr Duration first_look = 2ms;               // after any failure
constexpr Duration ask_again_after = 10min;        // for what was refused
constexpr Duration ask_again_after_failure = 30s;  // of the server
constexpr Duration desyncs_apart = 1min;           // those that have nothing to do with each other
constexpr Duration longest_desync_delay = 30s;
constexpr Duration shortest_desync_delay = 100ms;
constexpr int enough_doublings = 9;

/// A cancelled channel is a cancellation: throw, so that the coroutine unwinds.
void unwind_if_cancelled(const boost::system::error_code& ec) {
  if (ec) throw boost::system::system_error(asio::error::operation_aborted);
}

bool is_of_nothing(const Pod& pod) {
  return pod.instance == nullptr;
}
bool is_of_nothing(const auto& object) {
  return object.name.empty();
}

}  // namespace

/// Spawns work that ends by itself, by stop(), or with an error; it holds what it needs.
template <class Work>
void Observation::spawn(Work work) {
  auto runner = std::make_shared<Runner>();
  runners_.push_back(runner);
  auto ended = [runner, self = shared_from_this(),
                epoch = epoch_](const std::exception_ptr& thrown) {
    if (thrown && !is_cancellation(thrown)) {
      self->fail_with(failure_of(thrown, self->engine_->url), epoch);
    }
  };
  asio::co_spawn(executor_, std::move(work),
                 asio::bind_cancellation_slot(runner->stop.slot(), std::move(ended)));
}

void Observation::start() {
  const auto self = shared_from_this();
  for (const ResourceWatchPtr& source : sources_) {
    spawn([self, source, epoch = epoch_] { return self->run(source, epoch); });
  }
  if (!refused_.empty() || (engine_->narrowed && engine_->namespaces.empty())) {
    spawn([self, epoch = epoch_] { return self->ask_again(epoch); });
  }
}

void Observation::stop() {
  ++epoch_;
  for (const auto& runner : std::exchange(runners_, {})) {
    runner->stop.emit(asio::cancellation_type::terminal);
  }
}

void Observation::fail_with(RuntimeError error, std::uint64_t epoch) {
  if (epoch != epoch_) return;
  if (!failure_) failure_ = std::move(error);
  engine_->proof = std::max(engine_->proof, first_look);
  wake();
}

/// Reads one watch, and reopens it where it ended.
asio::awaitable<void> Observation::run(ResourceWatchPtr source, std::uint64_t epoch) {
  for (;;) {
    auto read = co_await read_to_its_end(source, epoch);
    if (!read) co_return fail_with(std::move(read.error()), epoch);
    auto outcome = co_await source->open();
    if (!outcome) co_return fail_with(std::move(outcome.error()), epoch);
    if (*outcome) co_return fail_with(std::move((*outcome)->error), epoch);
  }
}

Task<void> Observation::read_to_its_end(ResourceWatchPtr source, std::uint64_t epoch) {
  const auto self = shared_from_this();
  const Monotonic began = engine_->env->monotonic();
  bool told = false;
  for (;;) {
    auto more = co_await source->read([self, source, &told, epoch](std::string_view line) {
      told = true;
      if (epoch != self->epoch_) return Result<void>();
      return self->take_line(*source, line);
    });
    if (!changes_.empty()) wake();
    if (!more) co_return fail(std::move(more.error()));
    if (!*more) break;
    bool waited = false;
    while (too_many_wait(changes_)) {
      waited = true;
      const auto [ec] = co_await drained_.async_receive(asio::as_tuple(asio::use_awaitable));
      unwind_if_cancelled(ec);
    }
    if (waited) drained_.try_send(boost::system::error_code());  // others may wait, too
  }
  if (told || engine_->env->monotonic() - began >= short_life) {
    engine_->proof = Duration::zero();
    co_return Result<void>();
  }
  engine_->proof = short_life;
  co_return fail({.endpoint = engine_->url, .what = "the server ended the watch at once"});
}

/// What was refused may be allowed later, and what failed may be mended.
asio::awaitable<void> Observation::ask_again(std::uint64_t epoch) {
  const auto self = shared_from_this();
  if (engine_->narrowed) {
    refused_.push_back(std::make_shared<ResourceWatch>(engine_, Resource::pods, std::string(),
                                                       SliceApi::slices_v1));
  }
  for (;;) {
    const double spread = 0.8 + 0.4 * engine_->env->random();
    const Duration after = fails_ ? ask_again_after_failure : ask_again_after;
    const auto period = static_cast<double>(after.count()) * spread;
    co_await engine_->env->sleep_for(Duration(static_cast<Duration::rep>(period)));
    for (const ResourceWatchPtr& source : refused_) {
      auto outcome = co_await source->ask();
      if (!outcome || *outcome) continue;
      if (source->resource() == Resource::pods) engine_->narrowed.reset();
      co_return fail_with({.kind = ErrorKind::desynced, .what = "more may be read than before"},
                          epoch);
    }
  }
}

/// Whether an event is about an object and was not told before.
template <class Object>
Result<bool> Observation::take_event(ResourceWatch& source, std::string_view line,
                                     Event<Object>& event) {
  if (event.type == EventType::error) return fail(source.error_in(line));
  if (event.type == EventType::unknown) {
    // An unknown event still carries the current state of its object.
    ++unknown_signals_;
    if (is_of_nothing(event.object)) return false;
  }
  if (source.is_repeated(event.version)) return false;
  source.advance(std::move(event.version));
  return event.type != EventType::bookmark;
}

Result<void> Observation::take_line(ResourceWatch& source, std::string_view line) {
  std::vector<Change> changes;
  const auto take = [&](auto event) -> Result<void> {
    if (!event) return fail(std::move(event.error()));
    auto taken = take_event(source, line, *event);
    if (!taken) return fail(std::move(taken.error()));
    if (*taken) roster_->apply(event->type, std::move(event->object), changes);
    return {};
  };
  const auto is_known = [this](const Meta& meta) { return roster_->knows(meta); };
  auto taken = source.resource() == Resource::services ? take(decoder_.service_event(line))
               : source.resource() == Resource::slices
                   ? take(decoder_.slice_event(line, source.api()))
                   : take(decoder_.pod_event(line, engine_->env->now(), is_known));
  for (Change& change : changes) changes_.push(std::move(change));
  if (taken && source.resource() != Resource::pods) taken = check_roster(*roster_);
  return taken;
}

/// The delay before the next list: none after the first desync, growing if more follow soon.
Duration Observation::desync_delay() {
  const Monotonic now = engine_->env->monotonic();
  const bool again = engine_->desyncs > 0 && now - engine_->last_desync < desyncs_apart;
  engine_->last_desync = now;
  engine_->desyncs = again ? engine_->desyncs + 1 : 1;
  if (!again) return Duration::zero();
  const int doublings = std::min(engine_->desyncs - 2, enough_doublings);
  const Duration longest = std::min(longest_desync_delay, shortest_desync_delay * (1 << doublings));
  const double share = (1 + engine_->env->random()) / 2;
  return Duration(static_cast<Duration::rep>(static_cast<double>(longest.count()) * share));
}

Task<Change> Observation::next() {
  const auto self = shared_from_this();
  for (;;) {
    if (!listing_ && !changes_.empty()) {
      Change change = std::move(*changes_.pop());
      if (!too_many_wait(changes_)) drained_.try_send(boost::system::error_code());
      co_return change;
    }
    if (!listing_ && failure_) {
      RuntimeError failure = *std::exchange(failure_, std::nullopt);
      if (failure.kind != ErrorKind::desynced) co_return fail(std::move(failure));
      stop();
      const Duration delay = desync_delay();
      if (delay > Duration::zero()) co_await engine_->env->sleep_for(delay);
      co_return Change(ResyncNeeded{failure.describe()});
    }
    const auto [ec] = co_await gate_.async_receive(asio::as_tuple(asio::use_awaitable));
    unwind_if_cancelled(ec);
  }
}

}  // namespace rollcall::kubernetes
