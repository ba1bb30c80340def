// Turns two lists of a daemon into events. Pure.
#pragma once

#include <vector>

#include <rollcall/event.hpp>

namespace rollcall::cli {

/// The events that lead from `before` to `now`, both by key: all Stopped, then all Updated, then
/// all Started, each by key.
std::vector<RuntimeEvent> differences(const std::vector<InstancePtr>& before,
                                      const std::vector<InstancePtr>& now, Cause cause);

}  // namespace rollcall::cli
