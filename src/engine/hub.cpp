#include "engine/hub.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/secrets.hpp"
#include "engine/signal.hpp"

namespace rollcall {

namespace asio = boost::asio;

std::string_view to_string(SourceState state) noexcept {
  static constexpr std::array<std::string_view, 5> names = {"connecting", "syncing", "ready",
                                                            "backing_off", "failed"};
  return names.at(std::to_underlying(state));
}

namespace {

/// Unlike that of any other start: the moment, and chance; small enough for a double.
std::uint64_t new_epoch(Env& env) {
  constexpr std::uint64_t chances = 1U << 20U;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(env.now().time_since_epoch());
  const auto chance = static_cast<std::uint64_t>(env.random() * static_cast<double>(chances));
  return static_cast<std::uint64_t>(seconds.count()) * chances + chance;
}

}  // namespace

struct Hub::Impl final : MergedConsumer {
  /// What is known of a source besides what its status tells.
  struct Source {
    SourceStatus status;
    OriginPtr origin;
    OriginPtr away;        // as whom it was told to be disconnected last
    bool leaving = false;  // it was removed; what it told is not stopped yet
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
  void revise(RuntimeEvent& event) override;
  void received(SourceId id, const RuntimeEvent& event) override;
  void synced(SourceId id) override;
  void changed(SourceId id, const Transition& transition) override;
  void failed(SourceId id, const RuntimeError& error) override;
  void removed(SourceId id) override;

  [[nodiscard]] OriginPtr origin_of(const MergedEvent& merged);
  [[nodiscard]] bool settled() const;
  Source* find(SourceId id);
  void enter(Source& source, SourceState state, std::string reason);
  void name(Source& source, std::string_view backend, std::string_view endpoint);
  void log(Source& source);
  void look_whether_settled();

  asio::any_io_executor executor;
  EnvPtr env;
  HubOptions options;
  std::shared_ptr<LogReaders> readers;
  MergedWatch watch;
  std::map<SourceId, Source> sources;
  mutable ViewPtr view;       // of the present version; null until somebody asks for it
  std::set<Signal*> waiting;  // until it is settled
  bool stopped = false;
};

// --- what the sources tell ---

asio::awaitable<void> Hub::Impl::take(std::vector<MergedEvent> events) {
  view.reset();
  for (MergedEvent& merged : events) {
    OriginPtr origin = origin_of(merged);
    readers->append(std::move(origin), std::move(merged.event), env->now(),
                    std::move(merged.before));
  }
  co_return;
}

/// A return is told of whoever was told to be away, also if its full name was not known then.
OriginPtr Hub::Impl::origin_of(const MergedEvent& merged) {
  Source& source = sources.at(merged.source);
  const InstanceKey* const key = key_of(merged.event);
  if (key == nullptr) {
    if (std::holds_alternative<BackendDisconnected>(merged.event)) source.away = source.origin;
    return source.away;
  }
  name(source, key->backend, key->endpoint);
  return source.origin;
}

void Hub::Impl::revise(RuntimeEvent& event) {
  if (!options.reveal) mask_secrets(event);
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
}

void Hub::Impl::synced(SourceId id) {
  Source* const source = find(id);
  if (source == nullptr) return;
  source->status.synced_once = true;
  if (source->status.state == SourceState::syncing) enter(*source, SourceState::ready, {});
  look_whether_settled();
}

void Hub::Impl::changed(SourceId id, const Transition& transition) {
  using State = ReflectorFsm::State;
  using Outcome = ReflectorFsm::Outcome;
  Source* const source = find(id);
  if (source == nullptr) return;
  SourceStatus& status = source->status;
  name(*source, transition.backend, transition.endpoint);
  status.counters.unknown_signals = transition.unknown_signals;
  if (transition.outcome == Outcome::connected) ++status.counters.connects;
  if (transition.outcome == Outcome::desynced) ++status.counters.resyncs;
  if (transition.outcome == Outcome::listed) {
    ++status.counters.lists;
    status.last_sync = env->now();
  }
  if (transition.error != nullptr) {
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
      // Before its first list was taken, what is shown is not complete.
      if (status.synced_once) enter(*source, SourceState::ready, {});
      return;
    case State::backing_off:
      enter(*source, SourceState::backing_off,
            transition.error != nullptr ? transition.error->describe()
                                        : "the engine ended the stream at once");
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
}

void Hub::Impl::name(Source& source, std::string_view backend, std::string_view endpoint) {
  SourceStatus& status = source.status;
  status.name = backend;
  if (!endpoint.empty()) status.endpoint = endpoint;
  if (source.origin->backend == status.name && source.origin->endpoint == status.endpoint) return;
  source.origin = std::make_shared<const Origin>(Origin{status.name, status.endpoint});
}

/// What the way to a state was is nothing to tell, nor that a try failed as the last one did.
void Hub::Impl::log(Source& source) {
  const SourceStatus& status = source.status;
  if (status.state == SourceState::connecting || status.state == SourceState::syncing) return;
  std::string said =
      fmt::format("{}{}{}", status.name, status.endpoint.empty() ? "" : " at ", status.endpoint);
  said += fmt::format(" is {}", status.state == SourceState::ready ? "ready" : "away");
  if (!status.reason.empty()) said += ": " + status.reason;
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

// --- the hub ---

Hub::Hub(asio::any_io_executor executor, EnvPtr env, HubOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(env), std::move(options))) {}

Hub::~Hub() {
  impl_->readers->close();
}

Result<SourceId> Hub::add(SourceSpec spec) {
  SourceStatus status;
  status.kind = spec.kind;
  status.name = to_string(spec.kind);
  status.endpoint = spec.endpoint;
  status.named = spec.named;
  status.since = impl_->env->now();
  auto id = impl_->watch.add(std::move(spec));
  if (!id) return id;
  status.id = *id;
  auto origin = std::make_shared<const Origin>(Origin{status.name, status.endpoint});
  Impl::Source& source = impl_->sources[*id];
  source.status = std::move(status);
  source.origin = std::move(origin);
  return id;
}

void Hub::remove(SourceId id) {
  Impl::Source* const source = impl_->find(id);
  if (source == nullptr || std::exchange(source->leaving, true)) return;
  impl_->watch.remove(id);
  impl_->look_whether_settled();
}

asio::awaitable<void> Hub::stop() {
  impl_->stopped = true;
  impl_->readers->close();
  impl_->look_whether_settled();
  co_await impl_->watch.stop();
}

ViewPtr Hub::view() const {
  if (!impl_->view) {
    auto view = std::make_shared<View>();
    view->instances = impl_->watch.merger().list();
    for (const auto& [id, source] : impl_->sources) {
      const SourceStatus& status = source.status;
      if (!source.away || !status.stale_since) continue;
      view->away.push_back({source.away, *status.stale_since, status.stale_reason});
    }
    view->cursor = cursor();
    impl_->view = std::move(view);
  }
  return impl_->view;
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
