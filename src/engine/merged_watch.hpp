// Many watches at once, merged into one story: what the command line, the façade and the daemon
// share.
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

#include "core/env.hpp"
#include "engine/merger.hpp"
#include "engine/reflector.hpp"

namespace rollcall {

/// What a backend is made with, so that it fits in among the others.
struct SourceHooks {
  TransitionObserver on_transition{};                          ///< For ReflectorOptions.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};  ///< For BackendOptions.
};

/// One engine to watch.
struct SourceSpec {
  RuntimeBackendKind kind{};
  std::string endpoint{};  ///< The alias, or the URL as it was configured; empty: not known yet.
  bool named = false;      ///< Somebody asked for it, it was not merely found.
  std::function<Result<std::unique_ptr<RuntimeBackend>>(SourceHooks hooks)> make{};
};

/// Whom the merged watch tells. Called on its executor, by one coroutine at a time.
class MergedConsumer {
 public:
  virtual ~MergedConsumer() = default;

  /// Events of one source, or what the loss or return of one means for others. What a source lists
  /// first comes as one batch. Nothing more is taken from any source until this has ended: what
  /// comes meanwhile collapses in the channels of the sources.
  [[nodiscard]] virtual boost::asio::awaitable<void> take(std::vector<MergedEvent> events) = 0;

  /// May change what a source has told, before all else is done with it.
  virtual void revise(RuntimeEvent& /*event*/) {}

  /// What a source has told, before it is merged with what others tell.
  virtual void received(SourceId /*source*/, const RuntimeEvent& /*event*/) {}

  /// The first list of the source was taken.
  virtual void synced(SourceId /*source*/) {}

  /// What the watch of the source does now.
  virtual void changed(SourceId /*source*/, const Transition& /*transition*/) {}

  /// What a removed source told is stopped or handed over: nothing more is told of it.
  virtual void removed(SourceId /*source*/) {}

  /// The watch has ended by itself: only another configuration could help.
  virtual void failed(SourceId /*source*/, const RuntimeError& /*error*/) {}
};

/// Watches many backends at once. No source delays another. The host begins when all others were
/// tried, and leaves out what others list.
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

  /// Ends the watch of a source. What it told is Stopped, unless another one tells it too.
  void remove(SourceId source);

  /// Asks all watches to end; the consumer is told nothing more.
  void request_stop();

  /// request_stop() and done().
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// Completes when all watches have ended, stopped or failed, and nothing is left on the executor.
  /// One call at a time.
  [[nodiscard]] boost::asio::awaitable<void> done();

  /// Whether the first list of every source was told, or its first attempt has failed.
  [[nodiscard]] bool settled() const;

  /// What is told of whom, as of now.
  [[nodiscard]] const Merger& merger() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall
