#include "backends/host/grouping.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "backends/host/naming.hpp"
#include "backends/host/owner.hpp"

namespace rollcall::host {
namespace {

/// Disjoint sets of processes (union-find), each named by one of its members.
class Union {
 public:
  pid_t find(pid_t pid) {
    const auto [at, is_new] = leads_.try_emplace(pid, pid);
    if (at->second == pid) return pid;
    const pid_t root = find(at->second);
    leads_[pid] = root;
    return root;
  }
  void merge(pid_t a, pid_t b) { leads_[find(a)] = find(b); }

 private:
  std::map<pid_t, pid_t> leads_;
};

/// Whether it opens sockets for other programs, which get them on the first connection.
bool hands_sockets_on(const Process& process) {
  constexpr auto managers =
      std::to_array<std::string_view>({"systemd", "systemd-socket-activate", "inetd", "xinetd"});
  return std::ranges::find(managers, program_of(process)) != managers.end();
}

/// The visible owners of a socket, without service managers that have passed it on.
std::vector<const Process*> holders(const Listener& listener, const ProcessesByPid& processes) {
  std::vector<const Process*> all;
  for (const pid_t pid : listener.owners) {
    const auto at = processes.find(pid);
    if (at != processes.end()) all.push_back(&at->second);
  }
  std::vector<const Process*> own;
  std::ranges::copy_if(all, std::back_inserter(own),
                       [](const Process* process) { return !hands_sockets_on(*process); });
  return own.empty() ? all : own;
}

/// The executable and the script of a process: one interpreter may run two scripts.
using Program = std::pair<std::string, std::string>;

Program program(const Process& process) {
  return {process.executable, name_of(process)};
}

class Grouping {
 public:
  Grouping(std::span<const Listener> listeners, const ProcessesByPid& processes)
      : listeners_(listeners), processes_(processes) {}

  std::vector<ListeningGroup> groups() {
    for (const Listener& listener : listeners_) own(listener);
    merge_families();
    std::map<pid_t, ListeningGroup> by_root;
    for (const auto& [listener, holder] : owned_) {
      by_root[union_.find(holder)].listeners.push_back(*listener);
    }
    for (const auto& [pid, member] : members_) elect(by_root[union_.find(pid)].leader, *member);
    std::vector<ListeningGroup> all;
    for (auto& [root, group] : by_root) all.push_back(std::move(group));
    for (auto& [key, group] : unseen_) all.push_back(std::move(group));
    return all;
  }

 private:
  void own(const Listener& listener) {
    const auto all = holders(listener, processes_);
    if (all.empty()) {
      add_unseen(listener);
      return;
    }
    for (const Process* process : all) {
      members_.emplace(process->pid, process);
      union_.merge(process->pid, all.front()->pid);
      const auto& socket = listener.socket;
      const auto sibling =
          std::tuple(process->parent, program(*process), socket.protocol, socket.port);
      const auto [at, is_new] = siblings_.emplace(sibling, process->pid);
      if (!is_new) union_.merge(process->pid, at->second);
    }
    owned_.emplace_back(&listener, all.front()->pid);
  }

  void merge_families() {
    for (const auto& [pid, process] : members_) {
      const auto parent = members_.find(process->parent);
      if (parent == members_.end()) continue;
      if (program(*parent->second) == program(*process)) union_.merge(pid, process->parent);
    }
  }

  void elect(std::optional<Process>& leader, const Process& member) const {
    if (!leader || is_elder(member, *leader)) leader = member;
  }

  /// Start times have the precision of a clock tick. Within one, an ancestor is older than its
  /// children.
  [[nodiscard]] bool is_elder(const Process& a, const Process& b) const {
    if (a.start_ticks != b.start_ticks) return a.start_ticks < b.start_ticks;
    if (b.parent == a.pid) return true;
    return a.parent != b.pid && a.pid < b.pid;
  }

  void add_unseen(const Listener& listener) {
    const Owner owner = owner_by_cgroup(std::array{listener.cgroup});
    const int port = owner.group.empty() ? listener.socket.port : 0;
    unseen_[std::tuple(listener.socket.uid, owner.group, port)].listeners.push_back(listener);
  }

  std::span<const Listener> listeners_;
  const ProcessesByPid& processes_;
  Union union_;
  std::map<pid_t, const Process*> members_;
  std::vector<std::pair<const Listener*, pid_t>> owned_;
  std::map<std::tuple<pid_t, Program, Protocol, std::uint16_t>, pid_t> siblings_;
  std::map<std::tuple<std::uint32_t, std::string, int>, ListeningGroup> unseen_;
};

}  // namespace

std::string ListeningGroup::id() const {
  if (leader) return fmt::format("{}@{}", leader->pid, leader->start_ticks);
  const auto first = std::ranges::min(
      listeners, {}, [](const Listener& listener) { return listener.socket.inode; });
  return fmt::format("socket:{}", first.socket.inode);
}

std::vector<ListeningGroup> grouped(std::span<const Listener> listeners,
                                    const ProcessesByPid& processes) {
  return Grouping(listeners, processes).groups();
}

}  // namespace rollcall::host
