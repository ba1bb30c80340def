// Tells when something in a folder is made, replaced or removed.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

namespace rollcall {

/// Completes when an entry of the folder of `path` is created, moved, deleted or changes its
/// rights. If the folder does not exist, its nearest ancestor that does is watched. Best effort:
/// waits for ever if the system refuses (no inotify instances left), so pair it with a timer.
[[nodiscard]] boost::asio::awaitable<void> wait_for_change_beside(std::string path);

}  // namespace rollcall
