#include "engine/change_log.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/overloaded.hpp"
#include "core/text/numbers.hpp"
#include "core/text/words.hpp"

namespace rollcall {
namespace {

/// The decimal number that is the whole of the text.
std::optional<std::uint64_t> number(std::string_view text) noexcept {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return whole_number<std::uint64_t>(text);
}

std::size_t memory_of(const std::string& text) noexcept {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() > inside ? text.capacity() + 1 : 0;
}

}  // namespace

std::string to_string(const Cursor& cursor) {
  return fmt::format("{}-{}", cursor.epoch, cursor.sequence);
}

std::optional<Cursor> parse_cursor(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto epoch = number(text.substr(0, dash));
  const auto sequence = number(text.substr(dash + 1));
  if (!epoch || !sequence) return std::nullopt;
  return Cursor{*epoch, *sequence};
}

std::string_view to_string(LogGap::Reason reason) noexcept {
  switch (reason) {
    case LogGap::Reason::too_old:
      return "too_old";
    case LogGap::Reason::other_epoch:
      return "other_epoch";
    case LogGap::Reason::ahead:
      return "ahead";
  }
  return no_such_word;
}

std::string describe(const LogGap& gap) {
  switch (gap.reason) {
    case LogGap::Reason::too_old:
      return fmt::format(
          "{} changes after {} are no longer kept, the oldest cursor is {}: list again", gap.missed,
          to_string(gap.asked), to_string(gap.oldest));
    case LogGap::Reason::other_epoch:
      return fmt::format("the cursor {} is of another run of the daemon: list again",
                         to_string(gap.asked));
    case LogGap::Reason::ahead:
      break;
  }
  return fmt::format("the cursor {} is ahead of the newest, {}: list again", to_string(gap.asked),
                     to_string(gap.newest));
}

ChangeLog::ChangeLog(std::uint64_t epoch, LogBounds bounds) : epoch_(epoch), bounds_(bounds) {}

const LogEntryPtr& ChangeLog::append(RuntimeEvent event, Timestamp at, InstancePtr before) {
  auto entry = std::make_shared<const LogEntry>(LogEntry{.sequence = newest().sequence + 1,
                                                         .at = at,
                                                         .before = std::move(before),
                                                         .event = std::move(event)});
  const std::size_t cost = memory_of(*entry);
  entries_.push_back({.entry = std::move(entry), .cost = cost});
  bytes_ += cost;
  while (over_bounds()) {
    bytes_ -= entries_.front().cost;
    entries_.pop_front();
    ++dropped_;
  }
  return entries_.back().entry;
}

bool ChangeLog::over_bounds() const noexcept {
  return entries_.size() > 1 && (entries_.size() > bounds_.entries || bytes_ > bounds_.bytes);
}

std::optional<LogGap> ChangeLog::gap(const Cursor& cursor) const {
  LogGap gap{.asked = cursor, .oldest = oldest(), .newest = newest()};
  if (cursor.epoch != epoch_) {
    gap.reason = LogGap::Reason::other_epoch;
  } else if (cursor.sequence > newest().sequence) {
    gap.reason = LogGap::Reason::ahead;
  } else if (cursor.sequence < dropped_) {
    gap.reason = LogGap::Reason::too_old;
    gap.missed = dropped_ - cursor.sequence;
  } else {
    return std::nullopt;
  }
  return gap;
}

std::expected<std::vector<LogEntryPtr>, LogGap> ChangeLog::after(const Cursor& cursor,
                                                                 std::size_t most,
                                                                 std::size_t most_bytes) const {
  if (auto found = gap(cursor)) return std::unexpected(*found);
  const auto first = static_cast<std::size_t>(cursor.sequence - dropped_);
  const std::size_t count = std::min(most, entries_.size() - first);
  std::vector<LogEntryPtr> found;
  found.reserve(count);
  std::size_t bytes = 0;
  for (std::size_t i = first; i < first + count && bytes < most_bytes; ++i) {
    bytes += entries_[i].cost;
    if (bytes > most_bytes && !found.empty()) break;
    found.push_back(entries_[i].entry);
  }
  return found;
}

std::size_t memory_of(const LogEntry& entry) noexcept {
  const std::size_t own =
      sizeof(LogEntry) + sizeof(LogEntryPtr) + (entry.before ? memory_of(*entry.before) : 0);
  return std::visit(Overloaded{
                        [own](const Started& e) { return own + memory_of(*e.instance); },
                        [own](const Updated& e) { return own + memory_of(*e.instance); },
                        [own](const Stopped& e) {
                          return own + memory_of(e.id) + memory_of(e.name) + memory_of(*e.last);
                        },
                        [own](const BackendDisconnected& e) {
                          return own + memory_of(e.backend) + memory_of(e.endpoint) +
                                 memory_of(e.reason);
                        },
                        [own](const BackendReconnected& e) {
                          return own + memory_of(e.backend) + memory_of(e.endpoint);
                        },
                    },
                    entry.event);
}

}  // namespace rollcall
