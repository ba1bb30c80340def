#include "engine/change_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

#include <fmt/format.h>

namespace rollcall {
namespace {

/// The decimal number that is the whole of the text.
std::optional<std::uint64_t> number(std::string_view text) noexcept {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t memory_of(const std::string& text) noexcept {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() > inside ? text.capacity() + 1 : 0;
}

std::size_t memory_of(const std::vector<std::string>& texts) noexcept {
  std::size_t sum = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) sum += memory_of(text);
  return sum;
}

std::size_t memory_of(const Metadata& metadata) noexcept {
  std::size_t sum = sizeof(Metadata) + metadata.ports.capacity() * sizeof(Metadata::Port) +
                    metadata.routes.capacity() * sizeof(Route) +
                    metadata.txt.capacity() * sizeof(Metadata::Txt);
  for (const Metadata::Txt& txt : metadata.txt) {
    sum += memory_of(txt.key) + memory_of(txt.value.value) + memory_of(txt.value.source);
  }
  for (const Route& route : metadata.routes) {
    sum += memory_of(route.hosts) + memory_of(route.paths) + memory_of(route.source);
  }
  if (metadata.health) sum += sizeof(Metadata::HealthCheck);
  if (metadata.proxy) sum += sizeof(Metadata::Proxy);
  if (metadata.target) sum += sizeof(Metadata::Target);
  if (metadata.scrape) sum += sizeof(Metadata::Scrape);
  if (metadata.display) sum += sizeof(Metadata::Display);
  return sum;
}

std::size_t memory_of(const Details& details) noexcept {
  return sizeof(Details) + memory_of(details.description) + memory_of(details.definition) +
         memory_of(details.user) + memory_of(details.command);
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
  static constexpr std::array<std::string_view, 3> names = {"too_old", "other_epoch", "ahead"};
  return names.at(std::to_underlying(reason));
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

const LogEntryPtr& ChangeLog::append(OriginPtr origin, RuntimeEvent event, Timestamp at,
                                     InstancePtr before) {
  auto entry = std::make_shared<const LogEntry>(LogEntry{.sequence = newest().sequence + 1,
                                                         .at = at,
                                                         .origin = std::move(origin),
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
                                                                 std::size_t most) const {
  if (auto found = gap(cursor)) return std::unexpected(*found);
  const auto first = static_cast<std::size_t>(cursor.sequence - dropped_);
  const std::size_t count = std::min(most, entries_.size() - first);
  std::vector<LogEntryPtr> found;
  found.reserve(count);
  for (std::size_t i = 0; i < count; ++i) found.push_back(entries_[first + i].entry);
  return found;
}

std::size_t memory_of(const Instance& instance) noexcept {
  std::size_t sum =
      sizeof(Instance) + memory_of(instance.key.backend) + memory_of(instance.key.endpoint) +
      memory_of(instance.key.id) + memory_of(instance.name) + memory_of(instance.network_owner) +
      memory_of(instance.reason) + memory_of(instance.image) + memory_of(instance.group) +
      memory_of(instance.service) + memory_of(instance.node) + memory_of(instance.run) +
      instance.addresses.capacity() * sizeof(Address) +
      instance.ports.capacity() * sizeof(PortMapping) +
      instance.problems.capacity() * sizeof(Problem);
  for (const Address& address : instance.addresses) {
    sum += memory_of(address.ip) + memory_of(address.network);
  }
  for (const PortMapping& port : instance.ports) {
    sum += memory_of(port.host_ip) + memory_of(port.name);
  }
  for (const Problem& problem : instance.problems) {
    sum += memory_of(problem.where) + memory_of(problem.what);
  }
  for (const auto& [key, value] : instance.labels) sum += key.size() + value.size();
  if (instance.metadata) sum += memory_of(*instance.metadata);
  if (instance.details) sum += memory_of(*instance.details);
  return sum;
}

std::size_t memory_of(const LogEntry& entry) noexcept {
  return std::visit(
      [&entry]<class Event>(const Event& event) {
        const std::size_t own =
            sizeof(LogEntry) + sizeof(LogEntryPtr) + (entry.before ? memory_of(*entry.before) : 0);
        if constexpr (std::is_same_v<Event, Stopped>) {
          return own + memory_of(event.id) + memory_of(event.name) + memory_of(*event.last);
        } else if constexpr (std::is_same_v<Event, BackendDisconnected>) {
          return own + memory_of(event.backend) + memory_of(event.reason);
        } else if constexpr (std::is_same_v<Event, BackendReconnected>) {
          return own + memory_of(event.backend);
        } else {
          return own + memory_of(*event.instance);
        }
      },
      entry.event);
}

}  // namespace rollcall
