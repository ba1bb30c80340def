// The sockets, processes and control groups of this host; tests replace it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

#include "hostview/process_table.hpp"
#include "hostview/sock_diag.hpp"

namespace rollcall {

/// Every call looks anew and blocks, for microseconds unless stated otherwise. Without privilege
/// less is visible; that is an error only for sockets() of another namespace.
///
/// Threads: one at a time.
class HostView {
 public:
  virtual ~HostView() = default;

  /// The listening sockets of the network namespace of the process `of`; 0: of our own. Takes about
  /// a millisecond for a thousand sockets.
  ///
  /// Errors: unavailable (missing); denied, if entering the namespace needs more privilege.
  [[nodiscard]] virtual Result<std::vector<ListeningSocket>> sockets(pid_t of) = 0;

  /// The processes that are visible, in order.
  [[nodiscard]] virtual std::vector<pid_t> pids() = 0;

  /// Which of these processes hold these sockets (sorted inodes). Takes about a microsecond a
  /// descriptor.
  [[nodiscard]] virtual SocketHolders holders(std::span<const std::uint64_t> inodes,
                                              std::span<const pid_t> among) = 0;

  /// The data of a process that is cheap to read; nullopt if it has ended.
  [[nodiscard]] virtual std::optional<ProcessIdentity> identity(pid_t pid) = 0;

  /// All data of a process; nullopt if it has ended.
  [[nodiscard]] virtual std::optional<Process> process(pid_t pid) = 0;

  /// The executable and namespaces of a process (0: the calling thread); nullopt if it has ended.
  [[nodiscard]] virtual std::optional<ProcessPlace> place(pid_t pid) = 0;

  /// See CgroupTree.
  [[nodiscard]] virtual std::optional<std::string> cgroup_path(std::uint64_t id) = 0;
  [[nodiscard]] virtual std::vector<pid_t> cgroup_members(std::string_view path) = 0;
  [[nodiscard]] virtual std::vector<std::string> cgroups_named(std::string_view text) = 0;
};

using HostViewPtr = std::shared_ptr<HostView>;

/// The view of this program's own host: netlink, /proc and the mounted control groups.
HostViewPtr system_host_view();

}  // namespace rollcall
