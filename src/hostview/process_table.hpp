// Processes and their open sockets, from /proc (proc(5)).
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

/// The control group of a process in one of the mounted hierarchies.
struct CgroupMembership {
  std::string controllers;  ///< "cpu,cpuacct", "name=systemd"; empty: version 2.
  std::string path;         ///< From the root of that hierarchy, "/system.slice/ssh.service".

  friend bool operator==(const CgroupMembership&, const CgroupMembership&) = default;
};

/// Tells a process from a later one with the same pid, and from itself before an exec.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< Since the boot, in clock ticks; never changes.
  std::string comm;               ///< Its short name, as the kernel keeps it: 15 bytes.
  pid_t parent = 0;
  pid_t session = 0;

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// One process. All text is UTF-8; invalid bytes are replaced.
struct Process : ProcessIdentity {
  std::optional<Timestamp> started_at;  ///< To the precision of a clock tick.
  std::string executable;               ///< Empty if it may not be read, and for kernel threads.
  std::vector<std::string> arguments;   ///< Including the program's name; cut after 16 KiB.
  std::uint32_t uid = 0;                ///< The effective uid.
  std::string user;  ///< From /etc/passwd; no other directory is asked. Else the uid as a number.
  std::vector<CgroupMembership> cgroups;
  std::uint64_t network_namespace = 0;  ///< Its inode; 0 if it may not be read.

  friend bool operator==(const Process&, const Process&) = default;
};

/// The namespaces and control groups of a process, and its executable.
struct ProcessPlace {
  std::string executable;  ///< Empty if it may not be read.
  std::vector<CgroupMembership> cgroups;
  std::uint64_t network_namespace = 0;  ///< Read after the executable; 0 if it may not be read.

  friend bool operator==(const ProcessPlace&, const ProcessPlace&) = default;
};

/// Which processes hold which sockets.
struct SocketHolders {
  std::map<std::uint64_t, std::vector<pid_t>> by_inode{};  ///< Each with its pids in order.
  std::size_t unreadable = 0;  ///< Processes whose descriptors may not be read.
};

/// Reads /proc. A process that ends while it is read is absent, which is no error. Each read blocks
/// and is fresh; only the boot time and user names are cached.
class ProcessTable {
 public:
  /// `proc` and `passwd` differ from the defaults in tests only.
  explicit ProcessTable(std::string proc = "/proc", std::string passwd = "/etc/passwd");

  /// All processes that are visible, in order.
  [[nodiscard]] std::vector<pid_t> pids() const;

  /// Reads one small file: costs about a fifth of process().
  [[nodiscard]] std::optional<ProcessIdentity> identity(pid_t pid) const;

  [[nodiscard]] std::optional<Process> process(pid_t pid);

  /// Reads a file and two links: costs about a third of process(). 0: the calling thread.
  [[nodiscard]] std::optional<ProcessPlace> place(pid_t pid) const;

  /// Searches the descriptors of these processes for sockets with these inodes, in one pass.
  /// `inodes` must be sorted. Takes about a microsecond a descriptor.
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

/// Parses /proc/PID/stat. The name in it may hold spaces and parentheses. Pure.
std::optional<ProcessIdentity> parse_stat(std::string_view text);

/// Parses /proc/PID/cgroup; malformed lines are skipped. Pure.
std::vector<CgroupMembership> parse_cgroups(std::string_view text);

/// The inode in "socket:[123]"; nullopt for any other link. Pure.
std::optional<std::uint64_t> parse_socket_link(std::string_view link);

}  // namespace rollcall
