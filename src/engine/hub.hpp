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

#include "core/env.hpp"
#include "engine/change_log.hpp"
#include "engine/merged_watch.hpp"
#include "engine/subscription.hpp"

namespace rollcall {

/// What a source does now.
enum class SourceState : std::uint8_t {
  connecting,  ///< The first attempt, one after an end that is normal, or the host before its turn.
  syncing,     ///< There is a session, and its list is under way.
  ready,       ///< What it tells is complete and live.
  backing_off,  ///< The last attempt failed, the next one comes at `next_try`.
  failed,       ///< Only another configuration could help.
};

/// "connecting", "syncing", "ready", "backing_off", "failed".
std::string_view to_string(SourceState state) noexcept;

/// What came of a source since it was added.
struct SourceCounters {
  std::uint64_t events = 0;      ///< That it told, also those that repeat another source.
  std::uint64_t connects = 0;    ///< Sessions that began.
  std::uint64_t reconnects = 0;  ///< Returns after it was told to be disconnected.
  std::uint64_t drops = 0;       ///< Times that it was told to be disconnected.
  std::uint64_t lists = 0;       ///< Complete lists.
  std::uint64_t resyncs = 0;     ///< Lists because the stream was in doubt, or a check was due.
  std::uint64_t failures = 0;    ///< Attempts and sessions that ended with an error.
  std::uint64_t protocol_errors = 0;  ///< Those of them that broke the engine's own API.
  std::uint64_t unknown_signals = 0;  ///< Whose meaning is not known, as of its last transition.
};

/// One engine that is watched, as it stands now.
struct SourceStatus {
  SourceId id = 0;
  RuntimeBackendKind kind = RuntimeBackendKind::automatic;
  std::string name;      ///< "docker", …: concrete as soon as the engine has told it.
  std::string endpoint;  ///< As in InstanceKey; what was configured until the engine has answered.
  bool named = false;    ///< Somebody asked for it, it was not merely found.
  SourceState state = SourceState::connecting;
  std::string reason;                    ///< Why it is not ready; empty if it is.
  Timestamp since;                       ///< In this state.
  std::optional<Timestamp> next_try;     ///< For backing_off.
  std::optional<Timestamp> stale_since;  ///< Disconnected since then: what it told may be old.
  std::string stale_reason;              ///< What was said when it was disconnected.
  std::optional<Timestamp> last_event;
  std::optional<Timestamp> last_sync;  ///< When its last list was complete.
  bool synced_once = false;
  bool failed_once = false;
  std::size_t instances = 0;  ///< That are shown of it.
  std::size_t repeated = 0;   ///< That are left out, for another source shows them.
  SourceCounters counters;
};

/// An engine that is away: what is shown of it may be old.
struct Absence {
  OriginPtr origin;
  Timestamp since{};
  std::string reason;
};

/// All that is known at one cursor. The changes after the cursor lead from it to any later view.
struct View {
  std::vector<InstancePtr> instances;  ///< By key.
  std::vector<Absence> away;  ///< Told to be disconnected and not yet to be back, by source.
  Cursor cursor;
};

using ViewPtr = std::shared_ptr<const View>;

struct HubOptions {
  LogBounds log{};
  /// What changes so soon after the subscribers were told is told together, once it has passed.
  /// Zero: whatever the executor brings in one turn.
  Duration gather{};
  /// After a source was disconnected for so long, what it told is Stopped, and Started again on its
  /// return. Nothing: never.
  std::optional<Duration> grace{};
  /// Labels that look like secrets are shown as they are, not masked (core/secrets.hpp).
  bool reveal = false;
  /// Told of each change of a source's state: one line each, none for an event.
  Logger logger{};
};

/// Watches many engines at once, and keeps one inventory and one log of changes of them.
///
/// No source delays start-up or another. What a disconnected one told stays, and is stale by the
/// state of its source. One engine under two paths is told once (merger.hpp). View and log fit:
/// the view of a cursor and the changes after it give any later view.
///
/// Memory: bounded by the instances, and the log by its bounds. A subscriber costs its position.
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

  /// Ends to watch an engine: what it told is Stopped, unless another path to the same engine shows
  /// it too, and if it was away, that ends with BackendReconnected. Does nothing for one that is
  /// not there.
  void remove(SourceId source);

  /// Ends all watches and subscriptions; completes when nothing is left on the executor.
  [[nodiscard]] boost::asio::awaitable<void> stop();

  /// What is known now. Made once for each version and shared.
  [[nodiscard]] ViewPtr view() const;

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

  /// Reads changes, after `since`; of nothing, from now on.
  ///
  /// Errors: the log cannot be read from there.
  [[nodiscard]] std::expected<Subscription, LogGap> subscribe(
      std::optional<Cursor> since = std::nullopt);

  /// How the log and its readers stand.
  [[nodiscard]] LogStatus log_status() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall
