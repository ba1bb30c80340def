// A stream through ssh to a remote command that connects to the engine there.
#pragma once

#include "transport/stream.hpp"

namespace rollcall {

/// Starts ssh. Each stream is a process of its own, which ends with the stream.
///
/// ssh reports nothing until the far side answers. So this returns at once, the first byte may take
/// `deadline` longer than its own deadline, and a failure of ssh shows at the first read or write:
/// denied, refused, unreachable, mute; auth, if no key was accepted; tls, if the host's key is not
/// the known one; not_this_api, if the remote command does not exist. Each error holds what ssh
/// wrote.
///
/// Errors: unreachable, if ssh is not installed here.
[[nodiscard]] Task<StreamPtr> open_ssh(Endpoint endpoint, Milliseconds deadline);

}  // namespace rollcall
