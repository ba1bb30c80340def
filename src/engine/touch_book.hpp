// The instances that must be read again: the stream's reader notes them, the resolver takes them.
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

  /// The instance is gone: forgets its note, and makes a reading of it that is under way invalid.
  void gone(const std::string& id);

  /// Takes up to `most` noted instances that are not being read now. Each has the mark of its last
  /// signal, because the last signal decides what a reading must wait for.
  [[nodiscard]] std::vector<Touched> take(std::size_t most);

  /// What is known about the finished reading of one instance.
  struct Finished {
    bool valid = false;  ///< False if the instance was gone meanwhile.
    std::optional<Timestamp>
        ended_at{};  ///< The last end of a run that was signalled before the reading.
  };
  Finished finish(const std::string& id);

  /// Makes all readings under way void, and notes their instances again.
  void interrupt();

  [[nodiscard]] bool noted(const std::string& id) const { return noted_.contains(id); }
  [[nodiscard]] bool being_read(const std::string& id) const { return reading_.contains(id); }

  /// Whether take() would give anything.
  [[nodiscard]] bool ready() const;

  /// About how much memory the notes take.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// The signalled ends of runs that no reading has settled yet.
  [[nodiscard]] RunEnds ends() const;

 private:
  struct Note {
    Touched last;
    std::optional<Timestamp> ended_at{};
    bool valid = true;
  };
  static void merge(Note& into, const Note& from);

  [[nodiscard]] static std::size_t cost_of(const std::string& id) noexcept;

  std::size_t bytes_ = 0;  // of the noted
  std::map<std::string, Note> noted_;
  std::map<std::string, Note> reading_;
};

}  // namespace rollcall
