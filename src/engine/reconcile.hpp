// What a new list or a new reading means for the consumer. Pure.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/event.hpp>

#include "core/driver.hpp"

namespace rollcall {

/// What the consumer was told of an instance that runs.
struct Known {
  InstancePtr told;
  Timestamp as_of{};  ///< Engine's time at which the told run was known to go on.
};

/// What the consumer was told, by id. The ids are those of the instances: none is kept twice.
class KnownById {
 public:
  KnownById() = default;
  KnownById(std::initializer_list<Known> all) {
    for (const Known& known : all) put(known);
  }

  /// What is known of one; null for nothing. Lifetime: until it is put anew or erased.
  [[nodiscard]] const Known* find(std::string_view id) const;
  [[nodiscard]] bool contains(std::string_view id) const { return find(id) != nullptr; }

  /// Puts it in the place of what was known of its id. `told` must not be null.
  void put(Known known);
  void erase(std::string_view id);

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

 private:
  struct ById {
    using is_transparent = void;
    static std::string_view id(const Known& known) { return known.told->key.id; }
    static std::string_view id(std::string_view text) { return text; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return id(a) < id(b);
    }
  };
  std::set<Known, ById> all_;
};

/// An event and what the consumer was told of the instance before; null for nothing.
struct Difference {
  RuntimeEvent event;
  InstancePtr told;
};

/// The engine's times of the last end of a run of each instance, as far as signals told them.
using RunEnds = std::map<std::string, Timestamp>;

/// The differences between what was told and one reading: none, Started, Updated, Stopped, or
/// Stopped+Started.
///
/// `now` is null if the instance is absent. `ended_at` is the last signalled end of a run: one that
/// is older than the told run is ignored.
std::vector<Difference> reconcile_one(const Known* known, const InstancePtr& now,
                                      std::optional<Timestamp> ended_at, Cause cause);

/// The differences between what was told and a complete snapshot: all Stopped, then all Updated,
/// then all Started, each by key. Applying them to what was told gives what runs in the snapshot.
/// An end that was signalled after the snapshot was taken is left to the reading that follows.
std::vector<Difference> reconcile(const KnownById& known, const Snapshot& snapshot,
                                  const RunEnds& ends, Cause cause);

/// Folds one difference into what was told. A started run is known as of `as_of`.
void apply(KnownById& known, const Difference& difference, Timestamp as_of);

}  // namespace rollcall
