// Where a Docker engine may listen.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::docker {

/// The endpoint or the context that the user named, else DOCKER_HOST, else the context that
/// DOCKER_CONTEXT names, else the one in use by config.json, else, if DOCKER_TLS_VERIFY or
/// DOCKER_TLS is set, port 2376 of this host, else the usual sockets: of the system, rootless,
/// Docker Desktop, OrbStack, Rancher Desktop, Colima and Lima, in this order.
///
/// Reads config.json and contexts of the docker command's configuration, and looks at which
/// certificates and profiles of Colima there are; not at whether the sockets are there. A
/// config.json that cannot be read is passed over, with a note and a warning.
///
/// Errors: invalid_config, for what was named and cannot be understood, and for `options.tls` where
/// the URL is without TLS.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::docker
