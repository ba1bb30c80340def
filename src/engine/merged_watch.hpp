// Many watches at once, merged into one stream of events. Shared by the command line, the façade
// and the daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/config.hpp>

#include "core/async/env.hpp"
#include "engine/identity.hpp"
#include "engine/merger.hpp"
#include "engine/reflector.hpp"

namespace rollcall {

/// The callbacks that connect a new backend to the merged watch.
struct SourceHooks {
  TransitionObserver on_transition{};                          ///< For ReflectorOptions.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};  ///< For BackendOptions.
  IdentityQuestionPtr identity{};                              ///< For ReflectorOptions.
};

/// One engine to watch.
struct SourceSpec {
  RuntimeBackendKind kind{};
  std::string endpoint{};  ///< The alias, or the URL as it was configured; empty: not known yet.
  bool named = false;      ///< It was configured, not merely found.
  bool one_of_several =
      false;  ///< One of several places of a configured runtime: one that answers is enough.
  std::function<Result<std::unique_ptr<RuntimeBackend>>(SourceHooks hooks)> make{};
};

/// Receives what the merged watch reports. Called on its executor, by one coroutine at a time.
class MergedConsumer {
 public:
  virtual ~MergedConsumer() = default;

  /// Takes the events of one source, or what the loss or return of one means for others. The first
  /// list of a source comes as one batch. Nothing more is taken from any source until this has
  /// ended: events that come meanwhile collapse in the channels of the sources.
  [[nodiscard]] virtual boost::asio::awaitable<void> take(std::vector<MergedEvent> events) = 0;

  /// All that is reported between hold() and let_go() is one change, though it takes many turns:
  /// readers see the state from before it until let_go().
  virtual void hold() {}
  virtual void let_go() noexcept {}

  /// An event of a source, before it is merged with those of other sources.
  virtual void received(SourceId /*source*/, const RuntimeEvent& /*event*/) {}

  /// The first list of the source was taken.
  virtual void synced(SourceId /*source*/) {}

  /// The watch of the source has changed its state.
  virtual void changed(SourceId /*source*/, const Transition& /*transition*/) {}

  /// A source was away for so long that its instances may have been handed over or dropped.
  virtual void advanced() {}

  /// All instances of a removed source are stopped or handed over; nothing more is reported of it.
  virtual void removed(SourceId /*source*/) {}

  /// The watch of the source has ended by itself: only another configuration could help.
  virtual void failed(SourceId /*source*/, const RuntimeError& /*error*/) {}
};

/// Watches many backends at once. No source delays another. The watch of the host begins when all
/// other sources were tried, and leaves out the instances that they list.
///
/// Threads: one executor; all calls are made on it.
/// Lifetime: await stop() before destroying it; the consumer outlives that.
class MergedWatch {
 public:
  MergedWatch(boost::asio::any_io_executor executor, EnvPtr env, MergedConsumer& consumer,
              MergeOptions options = {});
  ~MergedWatch();
  MergedWatch(const MergedWatch&) = delete;
  MergedWatch& operator=(const MergedWatch&) = delete;

  /// Makes the backend, and begins to watch it.
  ///
  /// Errors: invalid_config, when it can never be watched. Then nothing is added.
  [[nodiscard]] Result<SourceId> add(SourceSpec spec);

  /// An id for a source that is never watched.
  [[nodiscard]] SourceId spare_id();

  /// Ends the watch of a source. Its instances are Stopped, unless another source has them too.
  void remove(SourceId source);

  /// Asks all watches to end; nothing more is reported to the consumer.
  void request_stop();

  /// request_stop() and done().
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// Completes when all watches have ended, stopped or failed, and nothing is left on the executor.
  /// One call at a time.
  [[nodiscard]] boost::asio::awaitable<void> done();

  /// Whether the first list of every source was reported, or its first attempt has failed.
  [[nodiscard]] bool settled() const;

  /// Which source shows which instances now.
  [[nodiscard]] const Merger& merger() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall
