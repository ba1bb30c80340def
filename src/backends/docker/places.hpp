// Where a Docker engine may listen.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::docker {

/// The endpoint that the user named, else DOCKER_HOST, else the usual sockets: of the system,
/// rootless, Docker Desktop, OrbStack, Rancher Desktop, Colima and Lima, in this order. Files are
/// not looked at, but for the profiles of Colima.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::docker
