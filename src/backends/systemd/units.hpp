// The known properties of all units, and how signals change them.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/systemd/unit.hpp"
#include "core/driver.hpp"
#include "transport/dbus/message.hpp"

namespace rollcall::systemd {

/// Stores the properties of units, from Gets and signals in the order in which they came.
///
/// Memory: loaded units of the wanted types, and sockets.
class Units {
 public:
  /// `types`: "service", "socket", …
  explicit Units(std::set<std::string, std::less<>> types) : types_(std::move(types)) {}

  /// Takes a signal; returns the changes that ask for a reading.
  std::vector<Change> take(const DbusMessage& signal, Timestamp now);

  [[nodiscard]] bool wanted(std::string_view unit) const;

  [[nodiscard]] bool knows(std::string_view unit) const { return known_.contains(unit); }

  /// The known properties of a unit; adds an empty entry if there is none. Valid until forget(), or
  /// until a signal says that the unit was unloaded.
  UnitProperties& of(std::string_view unit);

  /// Stores the states of a row, unless a signal has told newer ones.
  void learn(const UnitRow& row);

  /// Forgets everything, before all is read anew.
  void forget() noexcept {
    known_.clear();
    told_bytes_ = 0;
    ++generation_;
  }

  /// Changes with each forget(): a value that differs from before shows that a reading may be
  /// incomplete.
  [[nodiscard]] std::size_t generation() const noexcept { return generation_; }

  /// Whether the manager is between Reloading(true) and Reloading(false).
  [[nodiscard]] bool reloading() const noexcept { return reloading_; }

  /// The units whose processes may be in a control group. There may be several, because a user's
  /// manager is a service of the system's.
  [[nodiscard]] std::vector<std::string> of_group(std::string_view group) const;

 private:
  struct Known {
    UnitProperties properties;
    bool changed = false;  // Since it was last returned for a reading.
  };

  std::vector<Change> take_changed(const DbusMessage& signal, Timestamp now);
  std::vector<Change> take_removed(const DbusMessage& signal, Timestamp now);
  std::vector<Change> take_reloading(const DbusMessage& signal);

  std::set<std::string, std::less<>> types_;
  std::map<std::string, Known, std::less<>> known_;
  bool reloading_ = false;
  std::size_t generation_ = 0;
  std::size_t told_bytes_ = 0;  // Growth caused by signals.
};

/// The approximate memory of the properties, besides the struct itself.
std::size_t bytes_of(const UnitProperties& unit) noexcept;

/// Whether the state belongs to the running set.
bool runs(std::string_view active_state) noexcept;

}  // namespace rollcall::systemd
