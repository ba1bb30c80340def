// The façade for programs without coroutines: what runs, told by function calls.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/error.hpp>
#include <rollcall/event.hpp>
#include <rollcall/runtime_options.hpp>

namespace rollcall {

/// One engine to watch; by default, the first engine on this host that answers.
struct Engine {
  RuntimeBackendKind kind = RuntimeBackendKind::automatic;
  /// Its URL, "unix:///run/docker.sock" or "tcp://host:2375"; empty: the runtime's own rules.
  std::string endpoint{};
  /// What `InstanceKey::endpoint` says instead of the URL; empty: the URL.
  std::string alias{};
};

/// What went wrong, and with which engine.
struct EngineError {
  Engine engine{};
  RuntimeError error{};
};

/// What runs, as far as engines answered.
struct Listing {
  /// By key. Holds all instances of an engine or none; those listed through two paths to one
  /// engine appear once.
  std::vector<InstancePtr> instances{};
  std::vector<EngineError> errors{};  ///< The engines whose instances are missing, and why.

  [[nodiscard]] bool complete() const noexcept { return errors.empty(); }
};

/// What to watch, and the callbacks that report it.
///
/// Threads: the callbacks and the log are called on the watcher's own thread, one at a time, never
/// two at once. While one runs, nothing else is read or reported, so it must return soon; events
/// about one instance that come meanwhile may collapse into fewer. They must not throw. An empty
/// one is not called.
struct WatcherOptions {
  std::vector<Engine> engines = {Engine{}};
  /// Every event of every engine, in the order that event.hpp promises. Events that come by two
  /// paths to one engine are reported once.
  std::function<void(const RuntimeEvent& event)> on_event{};
  /// All that ran on this engine when its watch began has been reported. Called once for each
  /// engine and start().
  std::function<void(const Engine& engine)> on_synced{};
  /// An engine is no longer watched, because only another configuration could help. All other
  /// failures are retried for ever and reported as BackendDisconnected.
  std::function<void(const EngineError& error)> on_error{};
  Logger log{};
  /// list() includes instances that are not running; events never do.
  bool include_stopped = false;
  /// The options of each runtime, rollcall/options/. If the host is among the engines, its watch
  /// begins once all others were tried, and leaves out instances that another engine lists.
  RuntimeOptions runtime_options{};
  /// Called on the threads that call start() and list(), and on the watcher's own.
  Getenv getenv = process_environment();
};

/// Watches engines on a thread of its own. For any compiler with C++20.
///
/// Threads: all calls may be made from any thread at any time, also from a callback.
/// Lifetime: the destructor stops. It may run in a callback: that one is then the last, and the
/// thread ends when it returns.
class Watcher {
 public:
  explicit Watcher(WatcherOptions options);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Starts to watch; does not wait for any engine. Does nothing while it watches already. After
  /// stop() it begins anew: all that runs is reported again, with cause initial.
  ///
  /// Errors: invalid_config for engines that can never be watched, or none; busy in a callback
  /// that has stopped the watcher. Then nothing is started.
  [[nodiscard]] std::optional<RuntimeError> start();

  /// Stops, and waits until the thread has ended: no callback runs any more. When called from a
  /// callback it does not wait, and that callback is the last. Idempotent.
  void stop();

  /// Asks all engines in parallel what runs now, then the host if it is among them, and waits for
  /// the answers; each may take `timeout`.
  ///
  /// It uses connections of its own, and no thread but the caller's: it neither needs start() nor
  /// affects the events, and may be newer than events not yet reported. In a callback it delays all
  /// other callbacks.
  [[nodiscard]] Listing list(
      std::chrono::milliseconds timeout = std::chrono::milliseconds(5000)) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
