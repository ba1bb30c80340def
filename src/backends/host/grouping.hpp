// Groups sockets and processes into servers. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "hostview/listeners.hpp"
#include "hostview/process_table.hpp"

namespace rollcall::host {

using ProcessesByPid = std::map<pid_t, Process>;

/// A server: its processes and all their sockets.
struct ListeningGroup {
  /// The eldest process that holds a listening socket; nullopt if none can be seen.
  std::optional<Process> leader{};
  std::vector<Listener> listeners{};  ///< Never empty; sorted by socket.

  /// Identifies the leader's run; no other group ever has it. "1234@56789"; or "socket:4711", by
  /// the eldest inode, if the process cannot be seen.
  [[nodiscard]] std::string id() const;
};

/// All groups; each listener is in one of them. `processes` are the owners of the listeners; an
/// absent one has ended, and owns nothing.
///
/// One server are: processes that share a socket; a parent and its child that run the same program
/// and both listen; children of one parent that run the same program and listen on one port. A
/// service manager no longer owns a socket that it has passed on. Sockets without a visible owner
/// are one server if they have the same user and unit, or the same user and port if the unit is not
/// known.
std::vector<ListeningGroup> grouped(std::span<const Listener> listeners,
                                    const ProcessesByPid& processes);

}  // namespace rollcall::host
