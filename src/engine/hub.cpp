#include "engine/hub.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "core/async/pace.hpp"
#include "core/async/signal.hpp"

namespace rollcall {

namespace asio = boost::asio;

namespace {

/// Unique to this start: the time and a random number. Small enough for a double.
std::uint64_t new_epoch(Env& env) {
  constexpr std::uint64_t chances = 1U << 20U;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(env.now().time_since_epoch());
  const auto chance = static_cast<std::uint64_t>(env.random() * static_cast<double>(chances));
  return static_cast<std::uint64_t>(seconds.count()) * chances + chance;
}

}  // namespace

struct Hub::Impl final : MergedConsumer {
  /// A source: its status, and what the hub keeps besides.
  struct Source {
    SourceStatus status;
    OriginPtr origin;
    OriginPtr away;        // as named in the last BackendDisconnected; null if there was none
    bool leaving = false;  // it was removed; its instances are not stopped yet
    bool watched = true;   // false: added by add_failed()
    std::string said;      // the last state that was logged
  };

  Impl(asio::any_io_executor ex, EnvPtr e, HubOptions o)
      : executor(std::move(ex)),
        env(std::move(e)),
        options(std::move(o)),
        readers(std::make_shared<LogReaders>(executor, ChangeLog(new_epoch(*env), options.log),
                                             options.gather)),
        watch(executor, env, *this, {.grace = options.grace}) {}

  asio::awaitable<void> take(std::vector<MergedEvent> events) override;
  void hold() override;
  void let_go() noexcept override;
  void received(SourceId id, const RuntimeEvent& event) override;
  void synced(SourceId id) override;
  void changed(SourceId id, const Transition& transition) override;
  void failed(SourceId id, const RuntimeError& error) override;
  void removed(SourceId id) override;
  void advanced() override { look_whether_known(); }

  void note_engine(const MergedEvent& merged);
  [[nodiscard]] bool settled() const;
  Source* find(SourceId id);
  void enter(Source& source, SourceState state, std::string reason);
  void name(Source& source, std::string_view backend, std::string_view endpoint);
  void log(Source& source);
  void look_whether_settled();
  void look_whether_known();
  [[nodiscard]] std::vector<UnknownEngine> find_unknown() const;
  [[nodiscard]] std::shared_ptr<View> make_view() const;
  Source& enlist(SourceId id, SourceStatus status);

  asio::any_io_executor executor;
  EnvPtr env;
  HubOptions options;
  std::shared_ptr<LogReaders> readers;
  MergedWatch watch;
  std::map<SourceId, Source> sources;
  mutable ViewPtr view;  // of the present version; null until it is asked for
  ViewPtr held_view;     // the view shown during a long change: the one before it
  UnknownEngines unknown;
  std::set<Signal*> waiting;  // in wait_settled()
  bool stopped = false;
};

// --- what the sources tell ---

asio::awaitable<void> Hub::Impl::take(std::vector<MergedEvent> events) {
  view.reset();
  Pace pace;
  for (MergedEvent& merged : events) {
    if (pace.due()) co_await pace.rest();
    note_engine(merged);
    readers->append(std::move(merged.event), env->now(), std::move(merged.before));
  }
  view.reset();
  look_whether_known();  // a returned engine is known once all its events are logged
}

void Hub::Impl::hold() {
  auto made = view ? std::make_shared<View>(*view) : make_view();
  made->unknown = unknown.list();
  made->revision = unknown.revision();
  held_view = std::move(made);
}

void Hub::Impl::let_go() noexcept {
  held_view.reset();
  view.reset();
}

void Hub::Impl::note_engine(const MergedEvent& merged) {
  Source& source = sources.at(merged.source);
  if (const InstanceKey* const key = key_of(merged.event)) {
    name(source, key->backend, key->endpoint);
  } else if (const auto* lost = std::get_if<BackendDisconnected>(&merged.event)) {
    source.away = std::make_shared<const Origin>(Origin{lost->backend, lost->endpoint});
  }
}

void Hub::Impl::received(SourceId id, const RuntimeEvent& event) {
  Source* const source = find(id);
  if (source == nullptr) return;
  SourceStatus& status = source->status;
  ++status.counters.events;
  status.last_event = env->now();
  if (const auto* lost = std::get_if<BackendDisconnected>(&event)) {
    ++status.counters.drops;
    status.stale_since = status.last_event;
    status.stale_reason = lost->reason;
    status.failed_once = true;
    view.reset();
  } else if (std::holds_alternative<BackendReconnected>(event)) {
    ++status.counters.reconnects;
    status.stale_since.reset();
    status.stale_reason.clear();
    view.reset();
  }
  look_whether_settled();
  look_whether_known();
}

void Hub::Impl::synced(SourceId id) {
  Source* const source = find(id);
  if (source == nullptr) return;
  source->status.synced_once = true;
  if (source->status.state == SourceState::syncing) enter(*source, SourceState::ready, {});
  look_whether_settled();
  look_whether_known();
}

void Hub::Impl::changed(SourceId id, const Transition& transition) {
  using State = ReflectorFsm::State;
  using Outcome = ReflectorFsm::Outcome;
  Source* const source = find(id);
  if (source == nullptr) return;
  SourceStatus& status = source->status;
  name(*source, transition.backend, transition.endpoint);
  status.counters.unknown_signals = transition.unknown_signals;
  if (transition.outcome == Outcome::connected) {
    ++status.counters.connects;
    status.absent = false;
  }
  if (transition.outcome == Outcome::desynced) ++status.counters.resyncs;
  if (transition.outcome == Outcome::listed) {
    ++status.counters.lists;
    status.last_sync = env->now();
  }
  if (transition.error != nullptr) {
    status.absent = transition.error->fault == ConnectFault::missing;
    ++status.counters.failures;
    if (transition.error->kind == ErrorKind::protocol) ++status.counters.protocol_errors;
  }
  switch (transition.state) {
    case State::idle:
    case State::connecting:
      return enter(*source, SourceState::connecting, status.reason);
    case State::listing:
      return enter(*source, SourceState::syncing, status.reason);
    case State::watching:
      // Not ready before its first list was taken: what is shown is incomplete until then.
      if (status.synced_once) enter(*source, SourceState::ready, {});
      return;
    case State::backing_off:
      enter(*source, SourceState::backing_off, std::string(transition.reason));
      status.next_try = env->now() + transition.retry_in;
      return;
    case State::done:
      return;
  }
}

void Hub::Impl::failed(SourceId id, const RuntimeError& error) {
  Source* const source = find(id);
  if (source == nullptr) return;
  source->status.failed_once = true;
  enter(*source, SourceState::failed, error.describe());
  look_whether_settled();
}

void Hub::Impl::removed(SourceId id) {
  sources.erase(id);
  view.reset();
  look_whether_known();
}

Hub::Impl::Source* Hub::Impl::find(SourceId id) {
  const auto at = sources.find(id);
  return at == sources.end() ? nullptr : &at->second;
}

void Hub::Impl::enter(Source& source, SourceState state, std::string reason) {
  SourceStatus& status = source.status;
  if (status.state != state) status.since = env->now();
  status.state = state;
  status.reason = std::move(reason);
  status.next_try.reset();
  log(source);
  look_whether_known();
}

void Hub::Impl::name(Source& source, std::string_view backend, std::string_view endpoint) {
  SourceStatus& status = source.status;
  status.name = backend;
  if (!endpoint.empty()) status.endpoint = endpoint;
  if (source.origin->backend == status.name && source.origin->endpoint == status.endpoint) return;
  source.origin = std::make_shared<const Origin>(Origin{status.name, status.endpoint});
}

/// Logs ready, backing off and failed only, and never the same sentence twice in a row.
void Hub::Impl::log(Source& source) {
  const SourceStatus& status = source.status;
  if (status.state == SourceState::connecting || status.state == SourceState::syncing) return;
  const std::string said = sentence_of(status);
  if (said == source.said) return;
  source.said = said;
  if (!options.logger) return;
  const bool fine = status.state == SourceState::ready || (!status.named && !status.synced_once);
  options.logger(fine ? LogLevel::info : LogLevel::warning, said);
}

bool Hub::Impl::settled() const {
  return std::ranges::all_of(sources, [](const auto& entry) {
    const SourceStatus& status = entry.second.status;
    return status.synced_once || status.failed_once || entry.second.leaving;
  });
}

void Hub::Impl::look_whether_settled() {
  if (!settled() && !stopped) return;
  for (Signal* signal : waiting) signal->notify();
}

/// Called by everything that may change which engines are unknown. Wakes the readers of the log,
/// because no log entry reports this.
void Hub::Impl::look_whether_known() {
  for (auto& [id, source] : sources) source.status.dropped = watch.merger().lost(id);
  if (unknown.update(find_unknown(), readers->log().newest().sequence)) readers->wake();
}

std::vector<UnknownEngine> Hub::Impl::find_unknown() const {
  std::vector<UnknownEngine> found;
  for (const auto& [id, source] : sources) {
    const SourceStatus& status = source.status;
    if (source.leaving || unknown_of(status) == Unknown::no) continue;
    found.push_back(unknown_engine(status, source.origin));
  }
  return found;
}

std::shared_ptr<View> Hub::Impl::make_view() const {
  auto made = std::make_shared<View>();
  made->instances = watch.merger().list();
  for (const auto& [id, source] : sources) {
    const SourceStatus& status = source.status;
    if (!source.away || !status.stale_since) continue;
    made->away.push_back({source.away, *status.stale_since, status.stale_reason});
  }
  made->cursor = readers->log().newest();
  return made;
}

Hub::Impl::Source& Hub::Impl::enlist(SourceId id, SourceStatus status) {
  status.id = id;
  Source& source = sources[id];
  source.origin = std::make_shared<const Origin>(Origin{status.name, status.endpoint});
  source.status = std::move(status);
  look_whether_known();
  return source;
}

// --- the hub ---

Hub::Hub(asio::any_io_executor executor, EnvPtr env, HubOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(env), std::move(options))) {}

Hub::~Hub() {
  impl_->readers->close();
}

Result<SourceId> Hub::add(SourceSpec spec) {
  SourceStatus status = status_of(spec, *impl_->env);
  auto id = impl_->watch.add(std::move(spec));
  if (id) impl_->enlist(*id, std::move(status));
  return id;
}

SourceId Hub::add_failed(const SourceSpec& spec, const RuntimeError& why) {
  const SourceId id = impl_->watch.spare_id();
  impl_->enlist(id, failed_status_of(spec, *impl_->env, why)).watched = false;
  return id;
}

void Hub::remove(SourceId id) {
  Impl::Source* const source = impl_->find(id);
  if (source == nullptr || std::exchange(source->leaving, true)) return;
  if (source->watched) {
    impl_->watch.remove(id);
  } else {
    impl_->removed(id);
  }
  impl_->look_whether_settled();
  impl_->look_whether_known();
}

asio::awaitable<void> Hub::stop() {
  impl_->stopped = true;
  impl_->readers->close();
  impl_->look_whether_settled();
  co_await impl_->watch.stop();
}

ViewPtr Hub::view() const {
  // During a long change this is the view from before it, with the unknown engines of now.
  const UnknownEngines& unknown = impl_->unknown;
  ViewPtr& current = impl_->held_view ? impl_->held_view : impl_->view;
  if (!current || current->revision != unknown.revision()) {
    auto view = current ? std::make_shared<View>(*current) : impl_->make_view();
    view->unknown = unknown.list();
    view->revision = unknown.revision();
    current = std::move(view);
  }
  return current;
}

const UnknownEngines& Hub::unknown() const {
  return impl_->unknown;
}

Cursor Hub::cursor() const {
  return impl_->readers->log().newest();
}

Cursor Hub::oldest() const {
  return impl_->readers->log().oldest();
}

InstancePtr Hub::find(const InstanceKey& key) const {
  return impl_->watch.merger().find(key);
}

std::vector<SourceStatus> Hub::sources() const {
  std::vector<SourceStatus> all;
  all.reserve(impl_->sources.size());
  for (const auto& [id, source] : impl_->sources) {
    if (source.leaving) continue;
    SourceStatus status = source.status;
    status.instances = impl_->watch.merger().shown(id);
    status.repeated = impl_->watch.merger().hidden(id);
    all.push_back(std::move(status));
  }
  return all;
}

bool Hub::settled() const {
  return impl_->settled();
}

asio::awaitable<void> Hub::wait_settled() {
  const auto impl = impl_;
  Signal changed(impl->executor);
  const std::unique_ptr<Signal, std::function<void(Signal*)>> registered(
      &changed, [impl](Signal* signal) { impl->waiting.erase(signal); });
  impl->waiting.insert(&changed);
  while (!impl->stopped && !impl->settled()) co_await changed.wait();
}

std::expected<Subscription, LogGap> Hub::subscribe(std::optional<Cursor> since) {
  return impl_->readers->subscribe(since.value_or(cursor()));
}

LogStatus Hub::log_status() const {
  return impl_->readers->status();
}

}  // namespace rollcall
