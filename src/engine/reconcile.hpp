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

#include <boost/unordered/unordered_flat_set.hpp>
#include <rollcall/event.hpp>

#include "core/driver.hpp"
#include "engine/stepwise_sort.hpp"

namespace rollcall {

/// A running instance, as last reported to the consumer.
struct Known {
  InstancePtr told;
  Timestamp as_of{};  ///< The engine's time at which the reported run was known to go on.
};

/// The instances reported to the consumer, by id. The ids are those in the instances, not copies.
class KnownById {
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

 public:
  KnownById() = default;
  KnownById(std::initializer_list<Known> all) {
    for (const Known& known : all) put(known);
  }

  /// The entry of an id, or null. Lifetime: until the id is put again or erased.
  [[nodiscard]] const Known* find(std::string_view id) const;
  [[nodiscard]] bool contains(std::string_view id) const { return find(id) != nullptr; }

  /// Inserts an entry, or replaces the one with its id. `told` must not be null.
  void put(Known known);
  void erase(std::string_view id);

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  using const_iterator = std::set<Known, ById>::const_iterator;
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

 private:
  std::set<Known, ById> all_;
};

/// An event, and the instance as last reported to the consumer; null if it was not.
struct Difference {
  RuntimeEvent event;
  InstancePtr told;
};

/// The last signalled end of a run of each instance, in the engine's time.
using RunEnds = std::map<std::string, Timestamp>;

/// The differences between the reported instance and one reading: none, Started, Updated, Stopped,
/// or Stopped+Started.
///
/// `now` is null if the instance is absent. `ended_at` is the last signalled end of a run; it is
/// ignored if it is older than the reported run.
std::vector<Difference> reconcile_one(const Known* known, const InstancePtr& now,
                                      std::optional<Timestamp> ended_at, Cause cause);

/// The differences between the reported instances and a complete snapshot: all Stopped, then all
/// Updated, then all Started, each by key. Applying them gives the running instances of the
/// snapshot. An end that was signalled after the snapshot was taken is left to the reading that
/// follows.
std::vector<Difference> reconcile(const KnownById& known, const Snapshot& snapshot,
                                  const RunEnds& ends, Cause cause);

/// reconcile() in small steps. Its arguments must not change meanwhile.
class Reconciliation {
 public:
  Reconciliation(const KnownById& known, const Snapshot& snapshot, RunEnds ends, Cause cause);

  /// Does a little; true once all is done.
  [[nodiscard]] bool step();

  /// The result, as reconcile() returns it. Call once, when all is done.
  [[nodiscard]] std::vector<Difference> differences();

 private:
  using Differences = std::vector<Difference>;

  void compare_next();
  void look_for_next();
  void add(Difference difference);

  const KnownById& known_;
  const Snapshot& snapshot_;
  RunEnds ends_;
  Cause cause_;
  boost::unordered_flat_set<std::string_view> listed_;
  std::size_t compared_ = 0;  // readings
  KnownById::const_iterator looked_for_;
  Differences stopped_;
  Differences updated_;
  Differences started_;
  std::vector<StepwiseSort<Difference>> sorts_;
};

/// Applies one difference to the reported instances. A started run is known as of `as_of`.
void apply(KnownById& known, const Difference& difference, Timestamp as_of);

}  // namespace rollcall
