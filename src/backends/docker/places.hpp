// Where a Docker engine may listen.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"

namespace rollcall::docker {

/// Finds the places. The first of these counts: the endpoint or context that the user named;
/// DOCKER_HOST; the context in DOCKER_CONTEXT; the current context of config.json; port 2376 of
/// this host, if DOCKER_TLS_VERIFY or DOCKER_TLS is set; the usual sockets of the system, rootless,
/// Docker Desktop, OrbStack, Rancher Desktop, Colima and Lima, in this order.
///
/// Reads the docker command's config.json and contexts, and checks which certificates and Colima
/// profiles exist, but not whether the sockets do. An unreadable config.json is ignored, with a
/// note and a warning.
///
/// Errors: invalid_config, for explicit settings that cannot be parsed, and for `options.tls` with
/// a URL without TLS.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::docker
