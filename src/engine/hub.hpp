// The daemon's inventory: many engines, one view, one log of changes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/log.hpp>
#include <rollcall/result.hpp>

#include "core/async/env.hpp"
#include "engine/change_log.hpp"
#include "engine/merged_watch.hpp"
#include "engine/source_status.hpp"
#include "engine/subscription.hpp"
#include "engine/unknown.hpp"

namespace rollcall {

/// An engine that is disconnected: the instances shown for it may be stale.
struct Absence {
  OriginPtr origin;
  Timestamp since{};
  std::string reason;
};

/// All that is known at one cursor. The changes after the cursor lead from it to any later view.
struct View {
  std::vector<InstancePtr> instances;  ///< By key.
  std::vector<Absence> away;           ///< Reported disconnected and not yet back, by source.
  std::vector<UnknownEngine> unknown;  ///< By source.
  Cursor cursor;
  /// UnknownEngines::revision(), which may change while the instances stay the same.
  std::uint64_t revision = 0;

  /// Whether the instances are all that run, or for a lost engine all that ran when it was lost.
  [[nodiscard]] bool complete() const noexcept { return unknown.empty(); }
};

using ViewPtr = std::shared_ptr<const View>;

struct HubOptions {
  LogBounds log{};
  /// The least time between two rounds of wake-ups; changes in between are delivered together.
  /// Zero: only the changes of one executor turn are.
  Duration gather{};
  /// How long a source may be disconnected before its instances are Stopped; they are Started again
  /// on its return. Nothing: for ever.
  std::optional<Duration> grace{};
  /// Gets one line for each change of a source's state, and none for an event.
  Logger logger{};
};

/// Watches many engines at once, and keeps one inventory and one log of changes of them.
///
/// No source delays start-up or another source. The instances of a disconnected source stay, and
/// the source's state says that they are stale. An engine reached by two paths is reported once
/// (merger.hpp). View and log fit together: a view and the changes after its cursor give any later
/// view.
///
/// Memory: bounded by the instances and by the log's bounds. A subscriber costs its position alone.
/// Threads: one executor; all calls are made on it.
/// Lifetime: await stop() before destroying it.
class Hub {
 public:
  Hub(boost::asio::any_io_executor executor, EnvPtr env, HubOptions options = {});
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Begins to watch one more engine. The host begins when all others were tried.
  ///
  /// Errors: invalid_config, when it can never be watched. Then nothing is added.
  [[nodiscard]] Result<SourceId> add(SourceSpec spec);

  /// Lists an engine that can never be watched among the sources, as `failed`: its instances are
  /// unknown. Logs nothing.
  SourceId add_failed(const SourceSpec& spec, const RuntimeError& why);

  /// Stops watching an engine. Its instances are Stopped, unless another path to the same engine
  /// shows them too; if the engine was disconnected, BackendReconnected ends that. Does nothing for
  /// an unknown id.
  void remove(SourceId source);

  /// Ends all watches and subscriptions; completes when nothing is left on the executor.
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// The present view. Made once for each version and shared.
  [[nodiscard]] ViewPtr view() const;

  /// The engines whose instances are unknown, without making a view. Readers of the log are woken
  /// when this set changes.
  [[nodiscard]] const UnknownEngines& unknown() const;

  /// Where the log is now, without making a view.
  [[nodiscard]] Cursor cursor() const;

  /// The oldest cursor from which a subscriber can go on.
  [[nodiscard]] Cursor oldest() const;

  /// The instance that is shown under this key, or null.
  [[nodiscard]] InstancePtr find(const InstanceKey& key) const;

  /// All sources, in the order in which they were added.
  [[nodiscard]] std::vector<SourceStatus> sources() const;

  /// Whether every source has synced or failed once. True if there is none.
  [[nodiscard]] bool settled() const;

  /// Completes when settled(), or when the hub stops.
  [[nodiscard]] boost::asio::awaitable<void> wait_settled();

  /// Reads the changes after `since`, or from now on if it is absent.
  ///
  /// Errors: the log cannot be read from `since`.
  [[nodiscard]] std::expected<Subscription, LogGap> subscribe(
      std::optional<Cursor> since = std::nullopt);

  /// The state of the log and its readers.
  [[nodiscard]] LogStatus log_status() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall
