// The interface that a runtime implements. The reflector makes a RuntimeBackend from it and keeps
// every promise of the contract.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <rollcall/backend.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/task.hpp>

#include "core/async/env.hpp"

namespace rollcall {

/// What a signal of the engine says about the run of an instance.
enum class RunMark : std::uint8_t {
  changed,  ///< Something changed. No meaning for an instance not known to run.
  began,    ///< A run began.
  ended,    ///< A run ended; perhaps another has begun since.
};

/// The engine has something new to say about one instance: read it again.
struct Touched {
  std::string id;
  Timestamp at{};  ///< The engine's time of the signal.
  RunMark mark = RunMark::changed;
};

/// The whole new state of one instance, from an authoritative stream that continues at the list's
/// position. Such a stream gives nothing while list() is under way, and then only changes newer
/// than the list; nothing is read beside it: all readings of its session are settled.
struct Upsert {
  InstancePtr instance;
};

/// The instance does not exist any more. An engine signals it after it has removed the instance.
struct Gone {
  std::string id;
  Timestamp at{};  ///< The engine's time of the signal; none in an authoritative stream.

  /// Whether this is surely about the present instance, not an older one with its id.
  [[nodiscard]] bool final() const noexcept { return at == Timestamp{}; }
};

/// The stream cannot be trusted, or there is none: list again.
struct ResyncNeeded {
  std::string reason;
};

/// The stream ended in a way that the protocol calls normal: connect again, at once.
struct StreamEnded {};

using Change = std::variant<Touched, Upsert, Gone, ResyncNeeded, StreamEnded>;

/// One instance as it was read.
struct Reading {
  InstancePtr instance;
  /// False if the engine has not filled in all of it yet (an address that comes late): look again
  /// soon.
  bool settled = true;
};

/// All instances that were asked for, running or not; those that do not exist are absent.
struct Snapshot {
  std::vector<Reading> readings{};
  Timestamp taken_at{};  ///< The engine's clock just before the request; the snapshot includes
                         ///< all signals up to then.
};

/// What answers at an endpoint.
struct EngineInfo {
  std::string product;       ///< "Docker", "Podman".
  std::string version;       ///< The engine's version; empty if it does not tell.
  std::string api_version;   ///< The API version in use.
  std::string blind_spot{};  ///< What it may not see, and what to do about it; empty: nothing.
};

/// One connection to an engine. Thrown away on error, never repaired.
///
/// `list` and `read` may run side by side and beside `next`. `next` is never called twice at once.
class Session {
 public:
  virtual ~Session() = default;

  /// Reads all instances. Complete, or an error. Charges a ListBudget, and is cancelled when it
  /// takes longer than budget::list_limit.
  [[nodiscard]] virtual Task<Snapshot> list() = 0;

  /// Waits for the next change. Called from the start, beside list() and read(); only drains the
  /// stream.
  [[nodiscard]] virtual Task<Change> next() = 0;

  /// Reads the touched instances again, with the same decoder as the list. The result includes the
  /// announced changes: if the engine signals before it stores, this waits. Instances that are not
  /// running may be absent.
  [[nodiscard]] virtual Task<Snapshot> read(std::vector<Touched> touched) = 0;

  /// Asks, on another connection, whether the engine still answers.
  [[nodiscard]] virtual Task<void> probe() = 0;

  [[nodiscard]] virtual EngineInfo info() const = 0;

  /// Diagnoses the connection: one sentence per finding, such as the rights that we have. Called
  /// rarely, and not beside other calls.
  [[nodiscard]] virtual Task<std::vector<std::string>> examine() {
    co_return std::vector<std::string>();
  }

  /// The number of signals of unknown meaning. None was ignored: the instance that it is about is
  /// read again.
  [[nodiscard]] virtual std::size_t unknown_signals() const noexcept { return 0; }
};

/// What a connection is for: a list alone needs no stream of changes.
enum class Purpose : std::uint8_t { list, watch };

class Driver {
 public:
  virtual ~Driver() = default;

  /// The name: the concrete one once the engine has told it.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// The `InstanceKey::endpoint` of the instances that it finds.
  [[nodiscard]] virtual std::string_view endpoint() const noexcept = 0;

  /// One attempt. For a watch it also opens the engine's stream of changes, before any list.
  [[nodiscard]] virtual Task<std::shared_ptr<Session>> connect(Purpose purpose) = 0;

  /// Completes when a new attempt may succeed because the socket's folder has changed. May wait for
  /// ever.
  [[nodiscard]] virtual boost::asio::awaitable<void> endpoint_changed() = 0;

  /// Whether the engine is on this host, which decides how soon it is retried.
  [[nodiscard]] virtual bool local() const noexcept = 0;

  /// How often all is listed again, to find changes that the stream lost; zero: never.
  [[nodiscard]] virtual Duration resync_period() const noexcept { return std::chrono::minutes(10); }
};

}  // namespace rollcall
