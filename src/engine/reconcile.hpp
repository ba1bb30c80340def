// What a new list or a new reading means for the consumer. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <rollcall/event.hpp>

#include "core/driver.hpp"

namespace rollcall {

/// What the consumer was told of an instance that runs.
struct Known {
  InstancePtr told;
  Timestamp as_of{};  ///< Engine's time at which the told run was known to go on.
};

using KnownById = std::map<std::string, Known>;

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
std::vector<Difference> reconcile(const KnownById& known, const Snapshot& snapshot,
                                  const RunEnds& ends, Cause cause);

/// Folds one difference into what was told. A started run is known as of `as_of`.
void apply(KnownById& known, const Difference& difference, Timestamp as_of);

}  // namespace rollcall
