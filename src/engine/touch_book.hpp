// Which instances must be read again: the reader notes, the resolver takes.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/driver.hpp"
#include "engine/reconcile.hpp"

namespace rollcall {

/// Merges the signals about each instance into one reading at a time. Bounded by instances. Pure.
class TouchBook {
 public:
  /// Notes that an instance must be read again, after any reading of it that is under way.
  void note(const Touched& touched);

  /// The instance is gone: forget what was noted, and distrust a reading that is under way.
  void gone(const std::string& id);

  /// Takes up to `most` noted instances that are not being read now. The mark of each is its last
  /// one: what the engine signalled last decides what a reading must wait for.
  [[nodiscard]] std::vector<Touched> take(std::size_t most);

  /// What a reading that has ended may tell of one instance.
  struct Finished {
    bool valid = false;  ///< False if the instance was gone meanwhile.
    std::optional<Timestamp>
        ended_at{};  ///< The last end of a run that was signalled before the reading.
  };
  Finished finish(const std::string& id);

  /// All readings that are under way are void: note their instances again.
  void interrupt();

  [[nodiscard]] bool noted(const std::string& id) const { return noted_.contains(id); }
  [[nodiscard]] bool being_read(const std::string& id) const { return reading_.contains(id); }

  /// Whether take() would give anything.
  [[nodiscard]] bool ready() const;

  /// The signalled ends of runs that no reading has settled.
  [[nodiscard]] RunEnds ends() const;

 private:
  struct Note {
    Touched last;
    std::optional<Timestamp> ended_at{};
    bool valid = true;
  };
  static void merge(Note& into, const Note& from);

  std::map<std::string, Note> noted_;
  std::map<std::string, Note> reading_;
};

}  // namespace rollcall
