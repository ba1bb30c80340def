// Bounds on what one instance holds of its engine's, labels' and unit's data. Pure.
#pragma once

#include <rollcall/instance.hpp>

#include "core/driver.hpp"

namespace rollcall {

/// The instance with no more labels, names, addresses, ports and problems than core/budgets.hpp
/// allows, and a problem for each of these that was cut; nearly always nothing is cut, and the same
/// object is returned. Never null, and never another key.
InstancePtr within_bounds(InstancePtr instance);

/// The same for all instances of a list or a reading.
void keep_within_bounds(Snapshot& snapshot);

}  // namespace rollcall
