// Changes on their way from an engine's stream to the watch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/driver.hpp"

namespace rollcall {

/// Merges the changes of each instance: it keeps a few at most, however many the engine sends. The
/// kept changes, applied in order, have the same effect as all of them. Pure.
class ChangeQueue {
 public:
  void push(Change change);

  /// The oldest, or nothing.
  [[nodiscard]] std::optional<Change> pop();

  [[nodiscard]] bool empty() const noexcept { return order_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  /// About how much memory the changes take.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  void clear() noexcept;

 private:
  /// An instance has at most one change in each slot. Changes of no instance have the empty id.
  enum class Slot : std::uint8_t { changed, began, ended, upsert, gone, resync, end };
  using Order = std::list<Change>;
  using Key = std::pair<std::string_view, Slot>;  // the id is the one in the list

  [[nodiscard]] static Key key_of(const Change& change) noexcept;
  void erase(Order::iterator entry) noexcept;
  void forget(std::string_view id, Slot slot) noexcept;
  void forget_what_ends_with(const Gone& gone) noexcept;

  Order order_;
  std::size_t bytes_ = 0;
  std::map<Key, Order::iterator> by_key_;
};

}  // namespace rollcall
