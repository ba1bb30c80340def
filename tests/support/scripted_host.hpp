// A host scripted by a test: processes that hold sockets, in the place of netlink and /proc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hostview/host_view.hpp"

namespace rollcall::test {

class ScriptedHost final : public HostView {
 public:
  /// Starts a process with this executable and arguments; returns its pid.
  pid_t start(const std::string& executable, std::vector<std::string> arguments = {},
              pid_t parent = 1);
  /// Forks a process: the child holds its sockets, too.
  pid_t fork(pid_t parent);
  void end(pid_t pid);
  /// Adds a process with this pid that holds nothing, in that control group of version 2.
  void put(pid_t pid, std::string cgroup);

  /// Opens a listening socket; returns its inode.
  std::uint64_t listen(pid_t pid, std::uint16_t port, const std::string& ip = "0.0.0.0",
                       Protocol protocol = Protocol::tcp);
  void close(pid_t pid, std::uint64_t inode);
  /// Opens a listening socket that no process holds.
  std::uint64_t listen_without_process(std::uint16_t port, std::uint32_t uid = 0,
                                       std::optional<std::uint64_t> cgroup = {});

  [[nodiscard]] Process& at(pid_t pid) { return processes_.at(pid); }
  [[nodiscard]] bool runs(pid_t pid) const { return processes_.contains(pid); }
  [[nodiscard]] const std::map<pid_t, Process>& processes() const { return processes_; }

  // HostView.
  [[nodiscard]] Result<std::vector<ListeningSocket>> sockets(pid_t of) override;
  [[nodiscard]] std::vector<pid_t> pids() override;
  [[nodiscard]] SocketHolders holders(std::span<const std::uint64_t> inodes,
                                      std::span<const pid_t> among) override;
  [[nodiscard]] std::optional<ProcessIdentity> identity(pid_t pid) override;
  [[nodiscard]] std::optional<Process> process(pid_t pid) override;
  [[nodiscard]] std::optional<ProcessPlace> place(pid_t pid) override;
  [[nodiscard]] std::optional<std::string> cgroup_path(std::uint64_t id) override;
  [[nodiscard]] std::vector<pid_t> cgroup_members(std::string_view path) override;
  [[nodiscard]] std::vector<std::string> cgroups_named(std::string_view text) override;

  std::optional<RuntimeError> refusal;  ///< The kernel's answer instead of sockets.
  std::set<pid_t> hidden;               ///< Processes whose descriptors may not be read.
  ProcessPlace own_place;               ///< Of the test's own process.
  std::map<std::uint64_t, std::string> cgroup_paths;
  std::optional<pid_t> ends_after_the_dump;  ///< Ends once, after the sockets were reported.

  std::size_t dumps = 0;  ///< How often the kernel was asked for sockets.
  std::size_t walks = 0;  ///< How often descriptors were looked through.
  std::size_t identities = 0;
  std::size_t readings = 0;  ///< How often a whole process was read.

 private:
  std::map<pid_t, Process> processes_;
  std::map<std::uint64_t, ListeningSocket> sockets_;
  std::map<pid_t, std::set<std::uint64_t>> held_;
  pid_t last_pid_ = 1000;
  std::uint64_t ticks_ = 50'000;
  std::uint64_t last_inode_ = 9000;
};

}  // namespace rollcall::test
