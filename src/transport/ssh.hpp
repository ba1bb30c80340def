// A stream through ssh, to a command at the far side that speaks with the engine there.
#pragma once

#include "transport/stream.hpp"

namespace rollcall {

/// Starts ssh. Each stream is a process of its own, which ends with the stream.
///
/// ssh tells nothing until the far side answers. So this returns at once, the first byte may take
/// `deadline` longer than it is given, and the first read or write says that ssh has failed: that
/// it was denied, refused, unreachable, mute; auth, if no key was accepted; tls, if the host has
/// another key than is known; not this API, if there is no such command; each with what ssh said.
///
/// Errors: unreachable, if there is no ssh here.
[[nodiscard]] Task<StreamPtr> open_ssh(Endpoint endpoint, Milliseconds deadline);

}  // namespace rollcall
