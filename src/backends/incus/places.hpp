// Where an Incus or LXD server is.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"

namespace rollcall::incus {

/// The default port of the API over TLS.
inline constexpr std::uint16_t default_port = 8443;

/// Finds the places. The first of these counts: the endpoint that the user named, a URL or a remote
/// of the `incus` or `lxc` command; INCUS_SOCKET, INCUS_DIR, LXD_SOCKET or LXD_DIR, one of each
/// family; the usual folders of both. In a folder it is `unix.socket`, or `unix.socket.user` if
/// only that may be opened; for the snap of LXD the socket of lxd-user.
///
/// Over TLS, the client certificate of those commands is shown, and a server that they know is
/// verified by the certificate that they have pinned.
///
/// Errors: invalid_config.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::incus
