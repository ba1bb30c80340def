// What is known of all units, and what signals change in it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/systemd/unit.hpp"
#include "core/driver.hpp"
#include "transport/dbus_message.hpp"

namespace rollcall::systemd {

/// The properties of units, from Gets and from signals in the order in which they came.
///
/// Memory: units of the wanted types that are loaded, and sockets.
class Units {
 public:
  /// `types`: "service", "socket", …
  explicit Units(std::set<std::string, std::less<>> types) : types_(std::move(types)) {}

  /// Takes a signal; what must be read again because of it.
  std::vector<Change> take(const DbusMessage& signal, Timestamp now);

  [[nodiscard]] bool wanted(std::string_view unit) const;

  [[nodiscard]] bool knows(std::string_view unit) const { return known_.contains(unit); }

  /// What is known of a unit; made if nothing is. Lifetime: until forget(), or a signal that it was
  /// unloaded.
  UnitProperties& of(std::string_view unit);

  /// Takes the states of a row, unless a signal has told newer ones.
  void learn(const UnitRow& row);

  /// Nothing is known any more: all is about to be read anew.
  void forget() noexcept {
    known_.clear();
    ++generation_;
  }

  /// Another one than before: what was read meanwhile may have been forgotten in between.
  [[nodiscard]] std::size_t generation() const noexcept { return generation_; }

  /// Whether the manager is between Reloading(true) and Reloading(false).
  [[nodiscard]] bool reloading() const noexcept { return reloading_; }

  /// The units whose processes may be in a control group: several, because the manager of a user is
  /// a service of the system's.
  [[nodiscard]] std::vector<std::string> of_group(std::string_view group) const;

 private:
  struct Known {
    UnitProperties properties;
    bool changed = false;  // since it was last asked to be read
  };

  std::vector<Change> take_changed(const DbusMessage& signal, Timestamp now);
  std::vector<Change> take_removed(const DbusMessage& signal, Timestamp now);
  std::vector<Change> take_reloading(const DbusMessage& signal);

  std::set<std::string, std::less<>> types_;
  std::map<std::string, Known, std::less<>> known_;
  bool reloading_ = false;
  std::size_t generation_ = 0;
};

/// Whether a unit in that state is part of the running set.
bool runs(std::string_view active_state) noexcept;

}  // namespace rollcall::systemd
