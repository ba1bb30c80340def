#include "hostview/listeners.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "hostview/cgroup.hpp"
#include "hostview/privilege.hpp"
#include "hostview/small_files.hpp"

namespace rollcall {
namespace {

// Whether sockets of this group may have been passed to other groups: the root, and the groups in
// which service managers run.
bool may_hand_on(std::string_view cgroup) {
  return cgroup.empty() || cgroup == "/" || cgroup.ends_with("/init.scope");
}

std::vector<std::uint64_t> inodes_of(const std::vector<Listener>& listeners, bool found_too) {
  std::vector<std::uint64_t> inodes;
  for (const auto& listener : listeners) {
    if (listener.socket.inode == 0 || (!found_too && !listener.owners.empty())) continue;
    inodes.push_back(listener.socket.inode);
  }
  std::ranges::sort(inodes);
  return inodes;
}

std::size_t assign(std::vector<Listener>& listeners, SocketHolders holders) {
  for (auto& listener : listeners) {
    const auto found = holders.by_inode.find(listener.socket.inode);
    if (found != holders.by_inode.end()) listener.owners = found->second;
  }
  return holders.unreadable;
}

bool share(const std::vector<pid_t>& sorted, std::span<const pid_t> others) {
  return std::ranges::any_of(others,
                             [&](pid_t pid) { return std::ranges::binary_search(sorted, pid); });
}

PortMapping port_of(const ListeningSocket& socket, std::string ip) {
  return {.host_ip = std::move(ip),
          .host_port = socket.port,
          .container_port = socket.port,
          .protocol = socket.protocol,
          .name = "",
          .scope = PortScope::host};
}

}  // namespace

std::optional<Problem> ListenersSeen::problem() const {
  if (unowned == 0) return std::nullopt;
  return Problem{
      .where = "/proc",
      .what = fmt::format("of {} listening sockets no process can be seen that holds them, as the "
                          "descriptors of other users' processes may not be read: {}",
                          unowned, privilege_remedy("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"))};
}

Result<ListenersPtr> Listeners::look() {
  auto sockets = view_->sockets(of_);
  if (!sockets) return fail(std::move(sockets.error()));
  if (last_ && still_true(*sockets)) return last_;
  auto seen = std::make_shared<ListenersSeen>();
  seen->listeners.reserve(sockets->size());
  for (auto& socket : *sockets) {
    std::string made_in;
    if (socket.cgroup) made_in = view_->cgroup_path(*socket.cgroup).value_or("");
    seen->listeners.push_back({.socket = socket, .owners = {}, .cgroup = std::move(made_in)});
  }
  find_owners(*seen);
  last_ = seen;
  return last_;
}

bool Listeners::still_true(const std::vector<ListeningSocket>& sockets) const {
  if (!std::ranges::equal(sockets, last_->listeners, {}, {}, &Listener::socket)) return false;
  // An owner that ended may have passed its sockets on.
  return std::ranges::all_of(last_->listeners,
                             [this](const Listener& listener) {
                               return std::ranges::all_of(listener.owners, [this](pid_t pid) {
                                 return last_->owners.contains(pid);
                               });
                             }) &&
         std::ranges::all_of(last_->owners, [this](const auto& owner) {
           const auto now = view_->identity(owner.first);
           return now && now->start_ticks == owner.second.start_ticks;
         });
}

// Searches the members of the groups in which the sockets were made first. Searches all other
// processes only if a socket is still without an owner, or if it was made where sockets are passed
// on.
void Listeners::find_owners(ListenersSeen& seen) const {
  auto& listeners = seen.listeners;
  std::set<std::string_view> groups;
  bool all = false;
  for (const auto& listener : listeners) {
    if (listener.socket.inode == 0) continue;
    all = all || may_hand_on(listener.cgroup);
    groups.insert(listener.cgroup);
  }
  if (!all) {
    std::vector<pid_t> members;
    for (const auto group : groups) {
      std::ranges::copy(view_->cgroup_members(group), std::back_inserter(members));
    }
    seen.unreadable = assign(listeners, view_->holders(inodes_of(listeners, true), members));
    all = !inodes_of(listeners, false).empty();
  }
  if (all) {
    const auto pids = view_->pids();
    seen.unreadable = assign(listeners, view_->holders(inodes_of(listeners, true), pids));
  }
  seen.unowned = inodes_of(listeners, false).size();
  for (const auto& listener : listeners) {
    for (const pid_t pid : listener.owners) {
      if (seen.owners.contains(pid)) continue;
      if (auto identity = view_->identity(pid)) seen.owners.emplace(pid, std::move(*identity));
    }
  }
}

PortRange ephemeral_ports() {
  const auto text = read_small_file("/proc/sys/net/ipv4/ip_local_port_range", 64).value_or("");
  PortRange range;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  const char* const second = std::find_if(first.ptr, end, [](char c) { return c != '\t'; });
  std::from_chars(second, end, range.last);
  return range;
}

std::vector<Listener> listeners_of(const ListenersSeen& seen, std::span<const pid_t> pids) {
  std::vector<Listener> result;
  for (const auto& listener : seen.listeners) {
    if (share(listener.owners, pids)) result.push_back(listener);
  }
  return result;
}

std::vector<Listener> listeners_of_cgroup(const ListenersSeen& seen, HostView& view,
                                          std::string_view path) {
  const auto members = view.cgroup_members(path);
  std::vector<Listener> result;
  for (const auto& listener : seen.listeners) {
    const bool belongs = listener.owners.empty()
                             ? !listener.cgroup.empty() && is_within(listener.cgroup, path)
                             : share(members, listener.owners);
    if (belongs) result.push_back(listener);
  }
  return result;
}

std::vector<PortMapping> host_ports(std::span<const Listener> listeners) {
  std::vector<PortMapping> ports;
  for (const auto& [socket, owners, cgroup] : listeners) {
    ports.push_back(port_of(socket, socket.address.to_string()));
    if (socket.dual_stack) ports.push_back(port_of(socket, "0.0.0.0"));
  }
  std::ranges::sort(ports);
  const auto twice = std::ranges::unique(ports);
  ports.erase(twice.begin(), twice.end());
  return ports;
}

}  // namespace rollcall
