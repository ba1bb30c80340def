// Where an Incus or LXD server is.
#pragma once

#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/registry.hpp"

namespace rollcall::incus {

/// The port of the API over TLS, if none is said.
inline constexpr std::uint16_t default_port = 8443;

/// The endpoint that the user named, a URL or a remote that the `incus` or `lxc` command knows;
/// else what INCUS_SOCKET, INCUS_DIR, LXD_SOCKET or LXD_DIR say, of each family one; else the usual
/// folders of both. Of a folder it is `unix.socket`, or `unix.socket.user` if that alone may be
/// opened.
///
/// Over TLS the client's certificate of those commands is shown, and a server that they know is
/// believed by the certificate that they have pinned.
///
/// Errors: invalid_config.
Result<std::vector<Place>> places(const BackendOptions& options);

}  // namespace rollcall::incus
