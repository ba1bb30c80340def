#include "support/scripted_host.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace rollcall::test {

pid_t ScriptedHost::start(const std::string& executable, std::vector<std::string> arguments,
                          pid_t parent) {
  Process process;
  process.pid = ++last_pid_;
  process.start_ticks = ++ticks_;
  process.comm = executable.substr(executable.rfind('/') + 1).substr(0, 15);
  process.parent = parent;
  process.session = process.pid;
  process.started_at = Timestamp(std::chrono::milliseconds(10) * static_cast<std::int64_t>(ticks_));
  process.executable = executable;
  process.arguments = std::move(arguments);
  if (process.arguments.empty()) process.arguments = {executable};
  process.uid = 1000;
  process.user = "alice";
  process.cgroups = {{.controllers = "", .path = "/"}};
  processes_[process.pid] = process;
  return process.pid;
}

pid_t ScriptedHost::fork(pid_t parent) {
  Process process = at(parent);
  process.pid = ++last_pid_;
  process.start_ticks = ++ticks_;
  process.parent = parent;
  processes_[process.pid] = process;
  held_[process.pid] = held_[parent];
  return process.pid;
}

void ScriptedHost::end(pid_t pid) {
  const auto inodes = held_[pid];
  for (const std::uint64_t inode : inodes) close(pid, inode);
  held_.erase(pid);
  processes_.erase(pid);
}

void ScriptedHost::put(pid_t pid, std::string cgroup) {
  Process process;
  process.pid = pid;
  process.cgroups = {{.controllers = "", .path = std::move(cgroup)}};
  processes_[pid] = process;
}

std::uint64_t ScriptedHost::listen(pid_t pid, std::uint16_t port, const std::string& ip,
                                   Protocol protocol) {
  ListeningSocket socket;
  socket.protocol = protocol;
  socket.address = boost::asio::ip::make_address(ip);
  socket.port = port;
  socket.uid = at(pid).uid;
  socket.inode = ++last_inode_;
  sockets_[socket.inode] = socket;
  held_[pid].insert(socket.inode);
  return socket.inode;
}

void ScriptedHost::close(pid_t pid, std::uint64_t inode) {
  held_[pid].erase(inode);
  const bool open =
      std::ranges::any_of(held_, [inode](const auto& it) { return it.second.contains(inode); });
  if (!open) sockets_.erase(inode);
}

std::uint64_t ScriptedHost::listen_without_process(std::uint16_t port, std::uint32_t uid,
                                                   std::optional<std::uint64_t> cgroup) {
  ListeningSocket socket;
  socket.address = boost::asio::ip::address_v4::any();
  socket.port = port;
  socket.uid = uid;
  socket.inode = ++last_inode_;
  socket.cgroup = cgroup;
  sockets_[socket.inode] = socket;
  return socket.inode;
}

Result<std::vector<ListeningSocket>> ScriptedHost::sockets(pid_t /*of*/) {
  ++dumps;
  if (refusal) return fail(*refusal);
  std::vector<ListeningSocket> all;
  for (const auto& [inode, socket] : sockets_) all.push_back(socket);
  std::ranges::sort(all, std::less<>());
  if (const auto ends = std::exchange(ends_after_the_dump, {})) end(*ends);
  return all;
}

std::vector<pid_t> ScriptedHost::pids() {
  std::vector<pid_t> all;
  for (const auto& [pid, process] : processes_) all.push_back(pid);
  return all;
}

SocketHolders ScriptedHost::holders(std::span<const std::uint64_t> inodes,
                                    std::span<const pid_t> among) {
  ++walks;
  SocketHolders found;
  for (const pid_t pid : among) {
    if (hidden.contains(pid)) {
      ++found.unreadable;
      continue;
    }
    for (const std::uint64_t inode : held_[pid]) {
      if (std::ranges::binary_search(inodes, inode)) found.by_inode[inode].push_back(pid);
    }
  }
  return found;
}

std::optional<ProcessIdentity> ScriptedHost::identity(pid_t pid) {
  ++identities;
  const auto at = processes_.find(pid);
  return at == processes_.end() ? std::nullopt : std::optional<ProcessIdentity>(at->second);
}

std::optional<Process> ScriptedHost::process(pid_t pid) {
  ++readings;
  const auto at = processes_.find(pid);
  return at == processes_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<ProcessPlace> ScriptedHost::place(pid_t pid) {
  if (pid == 0) return own_place;
  const auto at = processes_.find(pid);
  if (at == processes_.end()) return std::nullopt;
  const Process& process = at->second;
  return ProcessPlace{.executable = process.executable,
                      .cgroups = process.cgroups,
                      .network_namespace = process.network_namespace};
}

std::optional<std::string> ScriptedHost::cgroup_path(std::uint64_t id) {
  const auto at = cgroup_paths.find(id);
  return at == cgroup_paths.end() ? std::nullopt : std::optional(at->second);
}

std::vector<pid_t> ScriptedHost::cgroup_members(std::string_view path) {
  std::vector<pid_t> members;
  for (const auto& [pid, process] : processes_) {
    const auto in = [path](const CgroupMembership& it) { return it.path == path; };
    if (std::ranges::any_of(process.cgroups, in)) members.push_back(pid);
  }
  return members;
}

std::vector<std::string> ScriptedHost::cgroups_named(std::string_view /*text*/) {
  return {};
}

}  // namespace rollcall::test
