// Which sockets and processes are one server. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "transport/listeners.hpp"
#include "transport/process_table.hpp"

namespace rollcall::host {

using ProcessesByPid = std::map<pid_t, Process>;

/// What listens as one: the processes of a server, and all its sockets.
struct ListeningGroup {
  /// The eldest of its processes that hold a listening socket; nothing if none can be seen.
  std::optional<Process> leader{};
  std::vector<Listener> listeners{};  ///< Never empty; sorted by socket.

  /// Of the leader's run: no other group ever has it. "1234@56789", or of sockets whose process is
  /// not seen "socket:4711", by the inode of the eldest.
  [[nodiscard]] std::string id() const;
};

/// All groups, each listener in one of them. `processes` are the owners of the listeners; one that
/// is absent has ended, and owns nothing.
///
/// One server are processes that share a socket; a parent and its child, both of one program and
/// listening; and children of one parent and program that listen on one port. A service manager
/// that has passed a socket on owns it no longer. Sockets without an owner are one server if they
/// are of one user and unit, or of one user and port where no unit is known.
std::vector<ListeningGroup> grouped(std::span<const Listener> listeners,
                                    const ProcessesByPid& processes);

}  // namespace rollcall::host
