// Tells when a file is made, replaced or removed.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

namespace rollcall {

/// Completes when `path` is created, moved or deleted, or changes its rights. If its directory does
/// not exist, the nearest existing ancestor is watched for the entry that leads to it. Best effort:
/// waits for ever if the system refuses (no inotify instances left), so pair it with a timer.
[[nodiscard]] boost::asio::awaitable<void> wait_for_change_of(std::string path);

}  // namespace rollcall
