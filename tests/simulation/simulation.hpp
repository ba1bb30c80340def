// One run: the real reflector, queue, reconciliation and inventory in virtual time, against a
// world.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/scenario.hpp"

namespace rollcall::simulation {

struct Verdict {
  std::optional<std::string> broken{};  ///< The first law that broke, and how.
  std::uint64_t hash = 0;               ///< Of all that happened.
  std::vector<std::string> lines{};     ///< All that happened, if it was asked for.
};

Verdict simulate(const Scenario& scenario, bool keeps_lines = false);

}  // namespace rollcall::simulation
