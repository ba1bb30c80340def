#include "engine/merged_watch.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <list>
#include <stop_token>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/async/pace.hpp"
#include "core/async/signal.hpp"
#include "core/async/task_group.hpp"
#include "core/async/turns.hpp"
#include "core/failure.hpp"
#include "engine/held_change.hpp"
#include "engine/merged_source.hpp"

namespace rollcall {

namespace asio = boost::asio;

static constexpr Duration after_a_failure = std::chrono::seconds(1);

struct MergedWatch::Impl : std::enable_shared_from_this<Impl> {
  using Source = MergedSource;
  using SourcePtr = std::shared_ptr<Source>;
  using Self = std::shared_ptr<Impl>;

  Impl(asio::any_io_executor ex, EnvPtr e, MergedConsumer& c, MergeOptions options)
      : executor(std::move(ex)),
        env(std::move(e)),
        consumer(c),
        merger(options),
        turns(executor),
        timers(executor),
        idle(executor) {
    timers.on_failure([this](const std::exception_ptr&) { arm_again(); });
  }

  void begin(const SourcePtr& source);
  void begin_hosts();
  void tried(Source& source);
  void end(Source& source);
  void arm();
  void arm_again();
  void ask_questions();
  void spawn(asio::awaitable<void> work);
  [[nodiscard]] SourceHooks hooks_for(SourceId id);
  [[nodiscard]] bool lists(RuntimeBackendKind runtime) const;
  [[nodiscard]] bool gone(const Source& source) const;

  // Each coroutine owns what it uses: an abandoned executor may destroy it after the MergedWatch.
  static asio::awaitable<void> begin_hosts_later(Self self);
  static asio::awaitable<void> follow(Self self, SourcePtr source, EventSender sender);
  static void fail_source(Source& source, const std::exception_ptr& thrown);
  static asio::awaitable<void> pump(Self self, SourcePtr source);
  static asio::awaitable<void> pump_events(Self self, SourcePtr source);
  static asio::awaitable<void> pump_first(Self self, SourcePtr source);
  static asio::awaitable<void> pump_end(Self self, SourcePtr source);
  static asio::awaitable<void> tell_lost(Self self, SourcePtr source);
  static asio::awaitable<void> deliver(Self self, SourcePtr source,
                                       std::vector<RuntimeEvent> events);
  static asio::awaitable<void> tell(Self self, std::vector<MergedEvent> merged);
  static asio::awaitable<void> retire(Self self, SourceId id);
  static asio::awaitable<void> identified(Self self, SourceId id, IdentityQuestion::Answer answer);
  static asio::awaitable<void> sleep_until(Self self, Monotonic due);

  asio::any_io_executor executor;
  EnvPtr env;
  MergedConsumer& consumer;
  Merger merger;
  std::list<SourcePtr> sources;
  Turns turns;       // of the coroutines that call the consumer
  TaskGroup timers;  // for what happens by the passing of time
  std::optional<Monotonic> armed;
  Signal idle;
  std::size_t working = 0;  // coroutines that have not ended, without the timers
  SourceId last_id = 0;
  bool stopping = false;
};

SourceHooks MergedWatch::Impl::hooks_for(SourceId id) {
  const std::weak_ptr<Impl> weak = weak_from_this();
  return {
      .on_transition =
          [weak, id](const Transition& transition) {
            const Self self = weak.lock();
            if (self && !self->stopping) self->consumer.changed(id, transition);
          },
      .listed_elsewhere =
          [weak](RuntimeBackendKind runtime) {
            const Self self = weak.lock();
            return self && self->lists(runtime);
          },
      .identity = std::make_shared<IdentityQuestion>([weak, id](IdentityQuestion::Answer answer) {
        const Self self = weak.lock();
        if (!self || self->stopping) return;
        self->spawn(identified(self, id, std::move(answer)));
      })};
}

bool MergedWatch::Impl::lists(RuntimeBackendKind runtime) const {
  return std::ranges::any_of(sources, [&](const SourcePtr& source) {
    return source->listed && !merger.dropped(source->id) &&
           parse_kind(source->backend->name()) == runtime;
  });
}

bool MergedWatch::Impl::gone(const Source& source) const {
  return stopping || source.stop.stop_requested();
}

void MergedWatch::Impl::begin(const SourcePtr& source) {
  spawn(follow(shared_from_this(), source, *std::exchange(source->sender, {})));
  spawn(pump(shared_from_this(), source));
}

void MergedWatch::Impl::begin_hosts() {
  const auto ready = [](const SourcePtr& source) { return source->tried || source->is_host(); };
  if (stopping || !std::ranges::all_of(sources, ready)) return;
  for (const SourcePtr& source : sources) {
    if (source->sender) begin(source);
  }
}

asio::awaitable<void> MergedWatch::Impl::begin_hosts_later(Self self) {
  co_await asio::post(self->executor, asio::use_awaitable);
  self->begin_hosts();
}

void MergedWatch::Impl::tried(Source& source) {
  source.tried = true;
  begin_hosts();
}

void MergedWatch::Impl::end(Source& source) {
  source.stop.request_stop();
  source.events.close();
}

void MergedWatch::Impl::spawn(asio::awaitable<void> work) {
  ++working;
  asio::co_spawn(executor, std::move(work), [self = shared_from_this()](std::exception_ptr thrown) {
    --self->working;
    self->idle.notify();
    if (thrown) std::rethrow_exception(std::move(thrown));
  });
}

asio::awaitable<void> MergedWatch::Impl::follow(Self self, SourcePtr source, EventSender sender) {
  // add() must return the source's id before the source reports anything.
  co_await asio::post(self->executor, asio::use_awaitable);
  try {
    auto watching = source->backend->watch(std::move(sender), source->stop.get_token());
    Result<void> ended = co_await std::move(watching);
    if (!ended) source->error = std::move(ended.error());
  } catch (...) {
    fail_source(*source, std::current_exception());
  }
  source->ended.notify();
}

/// Keeps the error of a source that is no longer watched, and closes its channel.
void MergedWatch::Impl::fail_source(Source& source, const std::exception_ptr& thrown) {
  if (is_cancellation(thrown)) std::rethrow_exception(thrown);
  if (!source.error) source.error = failure_of(thrown, source.spec.endpoint);
  source.events.close();  // which ends the watch, if it still runs
}

asio::awaitable<void> MergedWatch::Impl::pump(Self self, SourcePtr source) {
  try {
    co_await pump_events(self, source);
  } catch (...) {
    fail_source(*source, std::current_exception());
  }
  co_await pump_end(self, source);
}

asio::awaitable<void> MergedWatch::Impl::pump_events(Self self, SourcePtr source) {
  co_await pump_first(self, source);
  EventReceiver& events = source->events;
  for (;;) {
    co_await events.wait();
    // Events that come before the turn can still collapse in the channel.
    const auto turn = co_await self->turns.take();
    auto event = events.try_receive();
    if (!event) break;
    std::vector<RuntimeEvent> one;
    one.push_back(std::move(*event));
    co_await deliver(self, source, std::move(one));
  }
}

/// Delivers the first list as one batch, so that no part of it is ever shown.
asio::awaitable<void> MergedWatch::Impl::pump_first(Self self, SourcePtr source) {
  EventReceiver& events = source->events;
  std::vector<RuntimeEvent> first;
  Pace pace;
  while (!events.synced()) {
    if (pace.due()) co_await pace.rest();
    co_await events.wait();
    auto event = events.try_receive();
    if (event && std::holds_alternative<BackendDisconnected>(*event)) {
      std::vector<RuntimeEvent> one;
      one.push_back(std::move(*event));
      const auto turn = co_await self->turns.take();
      co_await deliver(self, source, std::move(one));
      self->tried(*source);
    } else if (event) {
      first.push_back(std::move(*event));
    } else if (!events.synced()) {
      co_return;  // the watch has ended
    }
  }
  const auto turn = co_await self->turns.take();
  source->listed = true;
  co_await deliver(self, source, std::move(first));
  if (self->gone(*source)) co_return;
  self->consumer.synced(source->id);
  self->tried(*source);
}

asio::awaitable<void> MergedWatch::Impl::pump_end(Self self, SourcePtr source) {
  co_await source->ended.wait();
  const auto turn = co_await self->turns.take();
  if (self->gone(*source) || !source->error) co_return;
  // Its instances stay, but are no longer watched, so they are reported as stale.
  if (source->listed && !source->away) co_await tell_lost(self, source);
  self->consumer.failed(source->id, *source->error);
  self->tried(*source);
}

/// If this fails too, only the failure of the source is reported.
asio::awaitable<void> MergedWatch::Impl::tell_lost(Self self, SourcePtr source) {
  try {
    std::vector<RuntimeEvent> lost;
    lost.emplace_back(BackendDisconnected{std::string(source->backend->name()),
                                          source->error->endpoint, source->error->describe()});
    co_await deliver(self, source, std::move(lost));
  } catch (...) {
    if (is_cancellation(std::current_exception())) throw;
  }
}

asio::awaitable<void> MergedWatch::Impl::tell(Self self, std::vector<MergedEvent> merged) {
  if (merged.empty() || self->stopping) co_return;
  auto taking = self->consumer.take(std::move(merged));
  co_await std::move(taking);
}

/// Asks the engines of two sources that report the same instances for their identity.
void MergedWatch::Impl::ask_questions() {
  for (const SourceId id : merger.questions()) {
    const auto at = std::ranges::find(sources, id, [](const SourcePtr& s) { return s->id; });
    if (at != sources.end() && (*at)->identity) (*at)->identity->ask();
  }
}

asio::awaitable<void> MergedWatch::Impl::identified(Self self, SourceId id,
                                                    IdentityQuestion::Answer answer) {
  const auto turn = co_await self->turns.take();
  if (self->stopping) co_return;
  std::vector<MergedEvent> merged = self->merger.identify(id, std::move(answer));
  co_await tell(self, std::move(merged));
}

/// The caller holds the turn.
asio::awaitable<void> MergedWatch::Impl::deliver(Self self, SourcePtr source,
                                                 std::vector<RuntimeEvent> events) {
  if (self->gone(*source)) co_return;
  std::vector<MergedEvent> merged;
  const Monotonic now = self->env->monotonic();
  merged.reserve(events.size());
  const HeldChange held(self->consumer, events.size() >= Pace::between_looks);
  Pace pace;
  for (RuntimeEvent& event : events) {
    if (pace.due()) co_await pace.rest();
    if (std::holds_alternative<BackendDisconnected>(event)) source->away = true;
    if (std::holds_alternative<BackendReconnected>(event)) source->away = false;
    self->consumer.received(source->id, event);
    std::ranges::move(self->merger.take(source->id, std::move(event), now),
                      std::back_inserter(merged));
  }
  events = {};
  self->arm();
  self->ask_questions();
  co_await tell(self, std::move(merged));
}

asio::awaitable<void> MergedWatch::Impl::retire(Self self, SourceId id) {
  const auto turn = co_await self->turns.take();
  std::vector<MergedEvent> merged = self->merger.remove(id);
  self->arm();
  if (self->stopping) co_return;
  co_await tell(self, std::move(merged));
  self->consumer.removed(id);
}

void MergedWatch::Impl::arm() {
  const auto due = merger.due();
  if (stopping || !due || (armed && *armed <= *due)) return;
  armed = due;
  timers.spawn(sleep_until(shared_from_this(), *due));
}

/// After a failure: tries again soon.
void MergedWatch::Impl::arm_again() {
  armed.reset();
  if (stopping) return;
  const Monotonic due = env->monotonic() + after_a_failure;
  armed = due;
  timers.spawn(sleep_until(shared_from_this(), due));
}

asio::awaitable<void> MergedWatch::Impl::sleep_until(Self self, Monotonic due) {
  const Monotonic now = self->env->monotonic();
  if (due > now) co_await self->env->sleep_for(due - now);
  const auto turn = co_await self->turns.take();
  if (self->armed == due) self->armed.reset();
  std::vector<MergedEvent> merged = self->merger.advance(self->env->monotonic());
  self->arm();
  if (self->stopping) co_return;
  co_await tell(self, std::move(merged));
  self->consumer.advanced();
}

MergedWatch::MergedWatch(asio::any_io_executor executor, EnvPtr env, MergedConsumer& consumer,
                         MergeOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(env), consumer, options)) {}

MergedWatch::~MergedWatch() {
  request_stop();
}

Result<SourceId> MergedWatch::add(SourceSpec spec) {
  const SourceId id = ++impl_->last_id;
  auto source = std::make_shared<Impl::Source>(
      id, std::move(spec), make_event_channel(impl_->executor), impl_->executor);
  SourceHooks hooks = impl_->hooks_for(id);
  source->identity = hooks.identity;
  auto backend = source->spec.make(std::move(hooks));
  if (!backend) return fail(std::move(backend.error()));
  source->backend = std::move(*backend);
  impl_->sources.push_back(source);
  if (source->is_host()) {
    impl_->spawn(Impl::begin_hosts_later(impl_));  // others may be added in the same turn
  } else {
    impl_->begin(source);
  }
  return id;
}

SourceId MergedWatch::spare_id() {
  return ++impl_->last_id;
}

void MergedWatch::remove(SourceId id) {
  const auto at = std::ranges::find(impl_->sources, id, [](const auto& s) { return s->id; });
  if (at == impl_->sources.end()) return;
  impl_->end(**at);
  impl_->sources.erase(at);
  impl_->begin_hosts();  // they need not wait for the removed one
  impl_->spawn(Impl::retire(impl_, id));
}

void MergedWatch::request_stop() {
  impl_->stopping = true;
  for (const auto& source : impl_->sources) impl_->end(*source);
  impl_->timers.cancel();
}

asio::awaitable<void> MergedWatch::done() {
  const auto impl = impl_;
  while (impl->working > 0) co_await impl->idle.wait();
  impl->timers.cancel();
  co_await impl->timers.join();
}

asio::awaitable<void> MergedWatch::stop() {
  request_stop();
  co_await done();
}

bool MergedWatch::settled() const {
  return std::ranges::all_of(impl_->sources, [](const auto& source) { return source->tried; });
}

const Merger& MergedWatch::merger() const {
  return impl_->merger;
}

}  // namespace rollcall
