// Where Podman's service may listen.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"

namespace rollcall::podman {

/// Finds the places. The first of these counts: the endpoint that the user named; the connection in
/// CONTAINER_CONNECTION; CONTAINER_HOST; all of the sockets of the system and the user, and then
/// Podman's connections, the default first.
///
/// Reads the files of read_configuration(); a malformed one is ignored, with a note and a warning.
/// Of the ssh connections, only the default one and one that is named are places. A connection has
/// its own key; for a URL the key is CONTAINER_SSHKEY, else that of the first connection with this
/// URL.
///
/// Errors: invalid_config, for explicit settings that cannot be parsed, for CONTAINER_CONNECTION if
/// a file is malformed, and for `options.tls` with a tcp:// URL. If such a URL comes from a
/// connection that was not named, the connection is left out.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::podman
