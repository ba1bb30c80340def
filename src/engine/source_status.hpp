// The status of one of the watched engines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>
#include <rollcall/error.hpp>
#include <rollcall/instance.hpp>

#include "core/async/env.hpp"
#include "engine/merged_watch.hpp"

namespace rollcall {

/// The state of a source.
enum class SourceState : std::uint8_t {
  connecting,   ///< The first attempt, one after a normal end, or the host before its turn.
  syncing,      ///< There is a session, and its list is under way.
  ready,        ///< Its instances are complete and live.
  backing_off,  ///< The last attempt failed, the next one comes at `next_try`.
  failed,       ///< Only another configuration could help.
};

/// "connecting", "syncing", "ready", "backing_off", "failed".
std::string_view to_string(SourceState state) noexcept;

/// What a source has done since it was added.
struct SourceCounters {
  std::uint64_t events = 0;      ///< All that it sent, also those that repeat another source.
  std::uint64_t connects = 0;    ///< Sessions that began.
  std::uint64_t reconnects = 0;  ///< Returns after it was reported disconnected.
  std::uint64_t drops = 0;       ///< Times that it was reported disconnected.
  std::uint64_t lists = 0;       ///< Complete lists.
  std::uint64_t resyncs = 0;     ///< Lists because the stream was in doubt, or a check was due.
  std::uint64_t failures = 0;    ///< Attempts and sessions that ended with an error.
  std::uint64_t protocol_errors = 0;  ///< Failures in which the engine broke its own API.
  std::uint64_t unknown_signals = 0;  ///< Signals of unknown meaning, as of its last transition.
};

/// The present status of one watched engine.
struct SourceStatus {
  SourceId id = 0;
  RuntimeBackendKind kind = RuntimeBackendKind::automatic;
  std::string name;             ///< "docker", …: the concrete name once the engine has told it.
  std::string endpoint;         ///< As in InstanceKey; as configured until the engine has answered.
  bool named = false;           ///< It was configured, not merely found.
  bool one_of_several = false;  ///< As SourceSpec says.
  Monotonic added;              ///< When it began to be watched,
  Timestamp added_at;           ///< by the wall clock.
  SourceState state = SourceState::connecting;
  std::string reason;                    ///< Why it is not ready; empty if it is.
  Timestamp since;                       ///< In this state.
  std::optional<Timestamp> next_try;     ///< For backing_off.
  std::optional<Timestamp> stale_since;  ///< Disconnected since then: its instances may be stale.
  std::string stale_reason;              ///< The reason in its BackendDisconnected.
  std::optional<Timestamp> last_event;
  std::optional<Timestamp> last_sync;  ///< When its last list was complete.
  bool synced_once = false;
  bool failed_once = false;
  bool absent = false;   ///< The last attempt found nothing at its endpoint.
  bool dropped = false;  ///< Away for longer than the grace: its instances are not shown any more.
  std::size_t instances = 0;  ///< Its instances that are shown.
  std::size_t repeated = 0;   ///< Its instances left out because another source shows them.
  SourceCounters counters;
};

/// "docker at unix:///run/docker.sock".
[[nodiscard]] std::string name_of(const SourceStatus& source);

/// A sentence for the log: "docker at unix:///run/docker.sock is away: there is no such socket".
[[nodiscard]] std::string sentence_of(const SourceStatus& source);

/// The status of a source that is added now.
[[nodiscard]] SourceStatus status_of(const SourceSpec& spec, Env& env);

/// The status of a source that can never be watched.
[[nodiscard]] SourceStatus failed_status_of(const SourceSpec& spec, Env& env,
                                            const RuntimeError& why);

}  // namespace rollcall
