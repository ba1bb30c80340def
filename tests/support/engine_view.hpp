// The engine's own list of what it runs, and how a fold differs from that.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <rollcall/instance.hpp>

#include "support/docker_api.hpp"

namespace rollcall::support {

/// One sentence for each way in which the instances, by id, differ from the engine's own list:
/// missing ones, ghosts, and other names, states, health, ports, addresses or labels. Empty if they
/// agree.
std::vector<std::string> differences(const std::map<std::string, InstancePtr>& instances,
                                     const DockerApi& api);

}  // namespace rollcall::support
