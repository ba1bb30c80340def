// Makes a failing scenario small.
#pragma once

#include <cstddef>

#include "simulation/scenario.hpp"

namespace rollcall::simulation {

/// Leaves out steps, and waits, as long as the same law breaks. Stops after `most_runs` runs.
Scenario shrink(Scenario failing, std::size_t most_runs = 3000);

}  // namespace rollcall::simulation
