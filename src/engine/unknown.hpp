// The engines whose instances are unknown. No instance of them is shown, which does not mean that
// they run nothing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/async/env.hpp"
#include "engine/change_log.hpp"
#include "engine/source_status.hpp"

namespace rollcall {

/// Why the instances of an engine are unknown.
enum class Unknown : std::uint8_t {
  no,       ///< They are known, as of now or as of when the engine was lost.
  never,    ///< It was never listed since it was added.
  dropped,  ///< The engine is away for longer than the grace.
};

/// Whether the instances of a source are unknown. An engine that was merely looked for and not
/// found runs nothing.
[[nodiscard]] Unknown unknown_of(const SourceStatus& source) noexcept;

/// The configured sources that were never listed and were added less than `wait` ago: wait for them
/// before treating absent instances as gone.
[[nodiscard]] std::vector<SourceStatus> awaited(const std::vector<SourceStatus>& sources,
                                                Monotonic now, Duration wait);

/// An engine whose instances are unknown.
struct UnknownEngine {
  OriginPtr origin;
  Timestamp since{};     ///< When it was added or lost.
  std::string reason{};  ///< Empty: its first answer is awaited.
  bool named = false;
  Unknown why = Unknown::never;

  friend bool operator==(const UnknownEngine& a, const UnknownEngine& b) {
    return *a.origin == *b.origin && a.since == b.since && a.reason == b.reason &&
           a.named == b.named && a.why == b.why;
  }
};

/// The entry for a source whose instances are unknown.
[[nodiscard]] UnknownEngine unknown_engine(const SourceStatus& source, OriginPtr origin);

/// The present set of unknown engines.
class UnknownEngines {
 public:
  /// Replaces the list. `newest`: the log's newest sequence. Returns whether the set of engines has
  /// changed, which no log entry reports.
  bool update(std::vector<UnknownEngine> found, std::uint64_t newest);

  /// The list. Calling this counts as reporting it to a client.
  [[nodiscard]] const std::vector<UnknownEngine>& list() const noexcept;
  [[nodiscard]] bool complete() const noexcept { return list_.empty(); }

  /// A number that changes with the list.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  /// A number that changes with the set of engines in the list.
  [[nodiscard]] std::uint64_t members() const noexcept { return members_; }

  /// Whether all engines are known, and a client that has read the log up to `sequence` was not
  /// told otherwise.
  [[nodiscard]] bool was_complete_at(std::uint64_t sequence) const noexcept;

 private:
  std::vector<UnknownEngine> list_;
  std::uint64_t revision_ = 0;
  std::uint64_t members_ = 0;
  mutable bool told_ = false;                // an incomplete list was reported
  std::optional<std::uint64_t> told_until_;  // last sequence at which one may have been
};

}  // namespace rollcall
