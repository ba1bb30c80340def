// A host that a test fills by hand: which process holds which socket, in which control group.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hostview/cgroup.hpp"
#include "hostview/host_view.hpp"

namespace rollcall::test {

/// Answers from its members, and counts the calls. Nothing changes by itself; for a host with
/// processes that come and go see ScriptedHost.
class WrittenHost final : public HostView {
 public:
  struct Holder {
    Process process;
    std::set<std::uint64_t> inodes;
    bool readable = true;  ///< Whether its descriptors may be read.
  };

  std::map<pid_t, std::vector<ListeningSocket>> sockets_of;  ///< 0: our own namespace.
  std::map<pid_t, Holder> holders_by_pid;
  std::map<std::uint64_t, std::string> cgroup_paths;
  std::optional<RuntimeError> failure;  ///< Of each dump while it is set.

  int dumps = 0;
  int walks = 0;           ///< How often all processes were listed.
  int looked_through = 0;  ///< Processes whose descriptors were read.

  /// A process that holds these sockets, in a control group of version 2.
  Process& add(pid_t pid, std::set<std::uint64_t> inodes, std::string cgroup = "/") {
    Holder& holder = holders_by_pid[pid];
    holder.inodes = std::move(inodes);
    holder.process.pid = pid;
    holder.process.start_ticks = static_cast<std::uint64_t>(pid) * 10;
    holder.process.comm = "p" + std::to_string(pid);
    holder.process.cgroups = {{.controllers = "", .path = std::move(cgroup)}};
    return holder.process;
  }

  [[nodiscard]] Result<std::vector<ListeningSocket>> sockets(pid_t of) override {
    ++dumps;
    if (failure) return fail(*failure);
    auto result = sockets_of[of];
    std::ranges::sort(result, std::less<>());
    return result;
  }

  [[nodiscard]] std::vector<pid_t> pids() override {
    ++walks;
    std::vector<pid_t> result;
    for (const auto& [pid, holder] : holders_by_pid) result.push_back(pid);
    return result;
  }

  [[nodiscard]] SocketHolders holders(std::span<const std::uint64_t> inodes,
                                      std::span<const pid_t> among) override {
    SocketHolders result;
    for (const pid_t pid : among) {
      const auto at = holders_by_pid.find(pid);
      if (at == holders_by_pid.end()) continue;
      ++looked_through;
      if (!at->second.readable) ++result.unreadable;
      if (!at->second.readable) continue;
      for (const auto inode : at->second.inodes) {
        if (std::ranges::binary_search(inodes, inode)) result.by_inode[inode].push_back(pid);
      }
    }
    return result;
  }

  [[nodiscard]] std::optional<ProcessIdentity> identity(pid_t pid) override { return process(pid); }

  [[nodiscard]] std::optional<Process> process(pid_t pid) override {
    const auto at = holders_by_pid.find(pid);
    return at == holders_by_pid.end() ? std::nullopt : std::optional(at->second.process);
  }

  [[nodiscard]] std::optional<ProcessPlace> place(pid_t pid) override {
    const auto at = holders_by_pid.find(pid);
    if (at == holders_by_pid.end()) return std::nullopt;
    return ProcessPlace{.executable = at->second.process.executable,
                        .cgroups = at->second.process.cgroups,
                        .network_namespace = at->second.process.network_namespace};
  }

  [[nodiscard]] std::optional<std::string> cgroup_path(std::uint64_t id) override {
    const auto at = cgroup_paths.find(id);
    return at == cgroup_paths.end() ? std::nullopt : std::optional(at->second);
  }

  [[nodiscard]] std::vector<pid_t> cgroup_members(std::string_view path) override {
    std::vector<pid_t> result;
    for (const auto& [pid, holder] : holders_by_pid) {
      if (is_within(telling_cgroup(holder.process.cgroups), path)) result.push_back(pid);
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> cgroups_named(std::string_view text) override {
    std::set<std::string> found;
    for (const auto& [pid, holder] : holders_by_pid) {
      const auto path = telling_cgroup(holder.process.cgroups);
      if (path.substr(path.rfind('/') + 1).contains(text)) found.emplace(path);
    }
    return {found.begin(), found.end()};
  }
};

}  // namespace rollcall::test
