// Two ways to one engine: what both tell is shown once.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <rollcall/event.hpp>
#include <rollcall/inventory.hpp>

namespace rollcall::cli {

/// Keeps of the containers that several endpoints of one runtime list the first in order. The id of
/// a container is random, and there is no other with the same: who lists it is the same engine.
void keep_first_of_each(std::vector<InstancePtr>& instances);

/// Tells, of the events of several engines, which repeat what another endpoint of the same engine
/// tells. A container is told by the endpoint that told its start first, until its stop.
class Repetitions {
 public:
  /// `known`: what was shown before the event. Events of backends are none.
  [[nodiscard]] bool repeats(const RuntimeEvent& event, const Inventory& known);

 private:
  std::set<std::string> endpoints_;  // of all instances that were shown
};

}  // namespace rollcall::cli
