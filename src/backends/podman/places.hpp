// Where Podman's service may listen.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::podman {

/// The endpoint that the user named, else the connection that CONTAINER_CONNECTION names, else
/// CONTAINER_HOST, else the sockets of the system and of the user and then the connections that the
/// user has named to Podman, the default first.
///
/// Reads podman-connections.json and containers.conf of the user, or those that
/// PODMAN_CONNECTIONS_CONF and CONTAINERS_CONF name. Of connections by ssh only the default is a
/// place, and one that is named. A connection has its own key; for a URL it is CONTAINER_SSHKEY,
/// else that of the first connection with this URL.
///
/// Errors: invalid_config, for what was named and cannot be understood, and for `options.tls` where
/// the URL is tcp://. A connection of that kind that nobody named is left out.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::podman
