// TLS over any other stream.
#pragma once

#include <optional>

#include <rollcall/instance.hpp>
#include <rollcall/tls.hpp>

#include "transport/stream.hpp"
#include "transport/tls/machine.hpp"

namespace rollcall {

/// Performs the TLS handshake over `plain`, as `endpoint.tls` says.
///
/// The engine may check our certificate only after that: then the first read, or a write, reports
/// that it was refused. A connection that ends without close_notify has ended like any other.
/// Reading and writing may overlap. Closing the stream sends nothing.
///
/// Errors: tls, which says what is wrong with which certificate; auth, if the engine does not
/// accept ours; unreachable; mute.
[[nodiscard]] Task<StreamPtr> secure_stream(StreamPtr plain, Endpoint endpoint,
                                            Milliseconds deadline);

/// When the first certificate of the file expires; nullopt if it cannot be read.
[[nodiscard]] std::optional<Timestamp> expiry_of(const Pem& certificate);

/// The same for a server, with a new machine (ServerIdentity::session).
///
/// Errors: tls; unreachable; mute.
[[nodiscard]] Task<StreamPtr> accept_secure(StreamPtr plain, tls::MachinePtr machine,
                                            Endpoint client, Milliseconds deadline);

}  // namespace rollcall
