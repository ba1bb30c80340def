// The contract of a runtime backend: four calls.
#pragma once

#include <memory>
#include <stop_token>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/channel.hpp>
#include <rollcall/config.hpp>
#include <rollcall/task.hpp>

namespace rollcall {

/// Cancels a watch; a cheap handle. Stop may be requested from any thread.
using CancellationToken = std::stop_token;

/// Watches one engine of one runtime.
///
/// Threads: none is promised. All calls are made on the executor that the backend was made with.
/// Lifetime: cancel and await `watch` before destroying the backend.
class RuntimeBackend {
 public:
  virtual ~RuntimeBackend() = default;

  /// "docker", "podman", …; "auto" until the automatic backend has found an engine.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Makes one attempt to reach the engine. Idempotent.
  ///
  /// Errors: say which of missing, denied, refused, unreachable, mute, tls, auth or not this API it
  /// was, at which endpoint, and the remedy.
  [[nodiscard]] virtual Task<void> connect() = 0;

  /// Lists all that runs now; connects by itself. Complete, or an error; never a part. It ends
  /// within 600 s, however much comes of it, and an engine that lists more than docs/budgets.md
  /// allows is a protocol error.
  ///
  /// During a watch this is a fresh read on a connection of its own: it does not change what the
  /// watch will send, and may be newer than events not yet received.
  [[nodiscard]] virtual Task<std::vector<InstancePtr>> list_instances() = 0;

  /// Sends every change to `events` until cancelled or until the consumer closes the channel; both
  /// succeed.
  ///
  /// Reconnects for ever. Changes are relative to what this object last reported to its caller, by
  /// list_instances() or an earlier watch(); if it never reported anything, all that runs is
  /// Started, with cause initial.
  ///
  /// Errors: invalid_config; busy for a second watch at the same time. Nothing else ends it.
  [[nodiscard]] virtual Task<void> watch(EventSender events, CancellationToken cancel) = 0;
};

/// Makes the backend of a kind. No I/O.
///
/// Errors: invalid_config for a kind that this build does not have, or an endpoint that cannot be
/// understood.
[[nodiscard]] Result<std::unique_ptr<RuntimeBackend>> make_backend(
    RuntimeBackendKind kind, BackendOptions options, boost::asio::any_io_executor executor);

}  // namespace rollcall
