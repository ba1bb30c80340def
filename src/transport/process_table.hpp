// Processes and what they have open, as /proc tells it (proc(5)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <sys/types.h>

namespace rollcall {

/// A control group that a process is in, in one of the mounted hierarchies.
struct CgroupMembership {
  std::string controllers;  ///< "cpu,cpuacct", "name=systemd"; empty: version 2.
  std::string path;         ///< From the root of that hierarchy, "/system.slice/ssh.service".

  friend bool operator==(const CgroupMembership&, const CgroupMembership&) = default;
};

/// What tells a process from a later one of the same number, and from itself before an exec.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< Since the boot, in clock ticks; never changes.
  std::string comm;               ///< Its short name, as the kernel keeps it: 15 bytes.
  pid_t parent = 0;
  pid_t session = 0;

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// One process. All text is UTF-8: bytes that are not were replaced.
struct Process : ProcessIdentity {
  std::optional<Timestamp> started_at;  ///< As exact as a clock tick.
  std::string executable;               ///< Empty if it may not be read, and of kernel threads.
  std::vector<std::string> arguments;   ///< With the program's name; cut after 16 KiB.
  std::uint32_t uid = 0;                ///< The effective one.
  std::string user;  ///< Of /etc/passwd; no other directory is asked. Else the uid as a number.
  std::vector<CgroupMembership> cgroups;
  std::uint64_t network_namespace = 0;  ///< Its inode; 0 if it may not be read.

  friend bool operator==(const Process&, const Process&) = default;
};

/// Where a process is, and what it runs there.
struct ProcessPlace {
  std::string executable;  ///< Empty if it may not be read.
  std::vector<CgroupMembership> cgroups;
  std::uint64_t network_namespace = 0;  ///< As it was when it ran that, or later; 0 as of Process.

  friend bool operator==(const ProcessPlace&, const ProcessPlace&) = default;
};

/// Which processes hold which sockets.
struct SocketHolders {
  std::map<std::uint64_t, std::vector<pid_t>> by_inode{};  ///< Each with its pids in order.
  std::size_t unreadable = 0;  ///< Processes whose descriptors may not be read.
};

/// Reads /proc. A process that ends while it is read is absent, never an error. Each reading is
/// blocking and fresh; only the boot time and the names of users are kept.
class ProcessTable {
 public:
  /// `proc` and `passwd` are other paths in tests alone.
  explicit ProcessTable(std::string proc = "/proc", std::string passwd = "/etc/passwd");

  /// All processes that are visible, in order.
  [[nodiscard]] std::vector<pid_t> pids() const;

  /// One small file: about a fifth of what process() costs.
  [[nodiscard]] std::optional<ProcessIdentity> identity(pid_t pid) const;

  [[nodiscard]] std::optional<Process> process(pid_t pid);

  /// A file and two links: about a third of what process() costs. 0: of the calling thread.
  [[nodiscard]] std::optional<ProcessPlace> place(pid_t pid) const;

  /// Looks through the descriptors of these processes for sockets with these inodes, in one pass.
  /// `inodes` is sorted. About a microsecond a descriptor.
  [[nodiscard]] SocketHolders holders(std::span<const std::uint64_t> inodes,
                                      std::span<const pid_t> among) const;

  [[nodiscard]] const std::string& root() const noexcept { return proc_; }

 private:
  const std::string& user_name(std::uint32_t uid);

  std::string proc_;
  std::string passwd_;
  std::optional<Timestamp> booted_at_;
  std::map<std::uint32_t, std::string> users_;
};

/// Reads a line of /proc/PID/stat. The name may hold spaces and parentheses. Pure.
std::optional<ProcessIdentity> parse_stat(std::string_view text);

/// Reads /proc/PID/cgroup; lines that are not understood are left out. Pure.
std::vector<CgroupMembership> parse_cgroups(std::string_view text);

/// The inode of "socket:[123]"; nothing of any other link. Pure.
std::optional<std::uint64_t> parse_socket_link(std::string_view link);

}  // namespace rollcall
