// The log of changes: a consumer resumes from a cursor, or learns that it must list again. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/event.hpp>

#include "core/budgets.hpp"
#include "core/memory_of.hpp"

namespace rollcall {

/// A place between two changes: all up to `sequence` is known. Each list comes with one, from which
/// its reader resumes.
struct Cursor {
  std::uint64_t epoch = 0;     ///< Of the log: each process has its own.
  std::uint64_t sequence = 0;  ///< Of the last change that is known; 0: none is.

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

/// "EPOCH-SEQUENCE", both decimal.
std::string to_string(const Cursor& cursor);

/// Reads what to_string() wrote; nothing if it is anything else.
std::optional<Cursor> parse_cursor(std::string_view text) noexcept;

/// The engine that a change comes from.
struct Origin {
  std::string backend;   ///< "docker", …; "auto" until the engine has told its name.
  std::string endpoint;  ///< As in InstanceKey; empty until it is known.

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

using OriginPtr = std::shared_ptr<const Origin>;

/// One change. Made once and shared: the log and its readers hold the same object.
struct LogEntry {
  std::uint64_t sequence = 0;  ///< One more than that of the change before.
  Timestamp at{};              ///< When it was logged.
  InstancePtr before;          ///< The instance before the change; null if it was not shown.
  RuntimeEvent event;
};

using LogEntryPtr = std::shared_ptr<const LogEntry>;

/// Why a consumer cannot go on from its cursor: it must list again.
struct LogGap {
  enum class Reason : std::uint8_t {
    too_old,      ///< The changes after it are no longer kept.
    other_epoch,  ///< The cursor is of another log: the daemon was restarted.
    ahead,        ///< The cursor is past the end of this log.
  };
  Reason reason{};
  Cursor asked;
  Cursor oldest;             ///< The oldest from which this log can be read.
  Cursor newest;             ///< Where the log is now.
  std::uint64_t missed = 0;  ///< For too_old: how many changes after `asked` are lost.

  friend bool operator==(const LogGap&, const LogGap&) = default;
};

/// "too_old", "other_epoch", "ahead".
std::string_view to_string(LogGap::Reason reason) noexcept;

/// A sentence without a full stop that says what is lost, and that a list is the remedy.
std::string describe(const LogGap& gap);

struct LogBounds {
  std::size_t entries = budget::change_log_entries;
  std::size_t bytes = budget::change_log_bytes;
};

/// Keeps the newest changes, as many as the bounds allow; at least one.
///
/// Threads: none; one owner. What it hands out is shared and never changes, so it may be kept.
class ChangeLog {
 public:
  explicit ChangeLog(std::uint64_t epoch, LogBounds bounds = {});

  /// Logs a change, and drops the oldest ones until the log is within its bounds.
  const LogEntryPtr& append(RuntimeEvent event, Timestamp at, InstancePtr before = nullptr);

  /// Where the log is now.
  [[nodiscard]] Cursor newest() const noexcept { return {epoch_, dropped_ + entries_.size()}; }

  /// The oldest cursor from which it can be read.
  [[nodiscard]] Cursor oldest() const noexcept { return {epoch_, dropped_}; }

  /// Up to `most` changes after the cursor, in order, and no more than cost `most_bytes` together;
  /// none if the cursor is the newest.
  [[nodiscard]] std::expected<std::vector<LogEntryPtr>, LogGap> after(
      const Cursor& cursor, std::size_t most, std::size_t most_bytes = SIZE_MAX) const;

  /// Why it cannot be read from the cursor; nothing if it can.
  [[nodiscard]] std::optional<LogGap> gap(const Cursor& cursor) const;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  [[nodiscard]] bool over_bounds() const noexcept;

  struct Kept {
    LogEntryPtr entry;
    std::size_t cost;
  };

  std::uint64_t epoch_;
  LogBounds bounds_;
  std::deque<Kept> entries_;
  std::uint64_t dropped_ = 0;  // the sequence of the last entry before the first that is kept
  std::size_t bytes_ = 0;
};

/// What an entry costs in memory, with its instance. A running instance is shared with the
/// inventory, but after its end the log alone keeps it.
std::size_t memory_of(const LogEntry& entry) noexcept;

}  // namespace rollcall
