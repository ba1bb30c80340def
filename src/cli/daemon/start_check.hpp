// Finds in advance what a start of the daemon would fail at.
#pragma once

#include "cli/daemon/load.hpp"

namespace rollcall::cli::daemon {

/// Adds to `loaded.errors` the reasons against starting with `loaded.server`: engines with invalid
/// URLs, and more connections than this process may have descriptors. If no start follows
/// (`sources.check_only`), also what the start itself would find: unusable TLS files, addresses
/// that this host does not have, and places where no socket can be made. Does not check whether
/// another program listens there: it may be the running daemon.
void check_start(Loaded& loaded, const Sources& sources);

}  // namespace rollcall::cli::daemon
