// A stream made secure: TLS over any other stream.
#pragma once

#include <optional>

#include <rollcall/instance.hpp>
#include <rollcall/tls.hpp>

#include "transport/stream.hpp"
#include "transport/tls_machine.hpp"

namespace rollcall {

/// Speaks TLS with the engine behind `plain`, as `endpoint.tls` says, to the end of the handshake.
///
/// The engine may judge our certificate only afterwards: then the first read, or a write, says that
/// it was refused. A connection that ends without the engine's farewell has ended, as others do.
/// Reading and writing may overlap. Nothing is sent when the stream is closed.
///
/// Errors: tls, with what is wrong with whose certificate; auth, if the engine does not accept
/// ours; unreachable; mute.
[[nodiscard]] Task<StreamPtr> secure_stream(StreamPtr plain, Endpoint endpoint,
                                            Milliseconds deadline);

/// Until when a certificate is good, the first of its file; nothing if it cannot be read.
[[nodiscard]] std::optional<Timestamp> expiry_of(const Pem& certificate);

/// The same as a server, by a machine at its beginning (ServerIdentity::session).
///
/// Errors: tls; unreachable; mute.
[[nodiscard]] Task<StreamPtr> accept_secure(StreamPtr plain, tls::MachinePtr machine,
                                            Endpoint client, Milliseconds deadline);

}  // namespace rollcall
