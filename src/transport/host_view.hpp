// What can be seen of this host's sockets, processes and control groups; a seam for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

#include "transport/process_table.hpp"
#include "transport/sock_diag.hpp"

namespace rollcall {

/// Every call looks anew and blocks: for microseconds unless it says otherwise. Without privilege
/// less is seen, which is never an error of these calls but for sockets() of another namespace.
///
/// Threads: one at a time.
class HostView {
 public:
  virtual ~HostView() = default;

  /// The listening sockets of the network namespace that this process `of` is in; 0: of our own.
  /// About a millisecond for a thousand sockets.
  ///
  /// Errors: unavailable (missing); denied, if another namespace takes more privilege.
  [[nodiscard]] virtual Result<std::vector<ListeningSocket>> sockets(pid_t of) = 0;

  /// The processes that are visible, in order.
  [[nodiscard]] virtual std::vector<pid_t> pids() = 0;

  /// Who of these processes holds these sockets (sorted inodes): about a microsecond a descriptor.
  [[nodiscard]] virtual SocketHolders holders(std::span<const std::uint64_t> inodes,
                                              std::span<const pid_t> among) = 0;

  /// The cheap part of a process; nothing if it has ended.
  [[nodiscard]] virtual std::optional<ProcessIdentity> identity(pid_t pid) = 0;

  /// All of a process; nothing if it has ended.
  [[nodiscard]] virtual std::optional<Process> process(pid_t pid) = 0;

  /// Where a process is (0: the calling thread); nothing if it has ended.
  [[nodiscard]] virtual std::optional<ProcessPlace> place(pid_t pid) = 0;

  /// See CgroupTree.
  [[nodiscard]] virtual std::optional<std::string> cgroup_path(std::uint64_t id) = 0;
  [[nodiscard]] virtual std::vector<pid_t> cgroup_members(std::string_view path) = 0;
  [[nodiscard]] virtual std::vector<std::string> cgroups_named(std::string_view text) = 0;
};

using HostViewPtr = std::shared_ptr<HostView>;

/// Of the host that this program runs on: netlink, /proc and the mounted control groups.
HostViewPtr system_host_view();

}  // namespace rollcall
