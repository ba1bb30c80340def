#include "backends/docker_api/host_ports.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "hostview/privilege.hpp"

namespace rollcall::docker_api {
namespace {

using namespace std::chrono_literals;

constexpr Duration young = 2min;
constexpr std::size_t id_size = 64;

// A shorter id could be part of an unrelated name.
bool is_full_id(std::string_view id) {
  return id.size() == id_size && id.find_first_not_of("0123456789abcdef") == id.npos;
}

bool uses_host_network(const Instance& instance) {
  const bool has_processes =
      in_running_set(instance) && instance.state != InstanceState::restarting;
  return instance.network_mode == NetworkMode::host && has_processes && is_full_id(instance.key.id);
}

void add_problem(Instance& instance, std::string what) {
  instance.problems.push_back({.where = "ports", .what = std::move(what)});
  std::ranges::sort(instance.problems);
}

}  // namespace

void HostPorts::open() {
  if (own_) return;
  if (!view_) view_ = system_host_view();
  own_.emplace(view_);
  if (const auto self = view_->process(::getpid())) own_namespace_ = self->network_namespace;
  ephemeral_ = ephemeral_ports();
}

void HostPorts::fill(Containers& containers, Timestamp now) {
  look_anew();
  for (auto& [id, container] : containers) fill(container, now);
  look_anew();
}

void HostPorts::fill(DecodedContainer& container, Timestamp now) {
  if (uses_host_network(container.instance)) look_at(container, now);
}

void HostPorts::look_at(DecodedContainer& container, Timestamp now) {
  Instance& instance = container.instance;
  open();
  const auto member = first_process(instance.key.id);
  if (!member) {
    add_problem(instance,
                "it uses its host's network, and none of its processes is on this host: which "
                "ports they listen on is not known");
    return;
  }
  container.awaits_ports = member->started_at && now - *member->started_at < young;
  const auto seen = look(*member);
  if (!seen) {
    add_problem(instance, seen.error().describe());
    return;
  }
  std::vector<Listener> listeners;
  for (const auto& group : groups_[instance.key.id]) {
    for (auto& found : listeners_of_cgroup(**seen, *view_, group)) {
      const bool chance = found.socket.protocol == Protocol::udp &&
                          ephemeral_.holds(found.socket.port);  // A client that awaits an answer.
      if (!chance) listeners.push_back(std::move(found));
    }
  }
  instance.ports = host_ports(listeners);
  if (member->network_namespace == 0 && listeners.empty()) {
    add_problem(instance, "which ports its processes listen on may not be seen: " +
                              privilege_remedy("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"));
  }
}

std::optional<Process> HostPorts::first_process(const std::string& id) {
  Groups& groups = groups_[id];
  const auto find = [&]() -> std::optional<Process> {
    for (const auto& group : groups) {
      for (const pid_t pid : view_->cgroup_members(group)) {
        if (auto process = view_->process(pid)) return process;
      }
    }
    return std::nullopt;
  };
  if (auto process = find()) return process;
  groups = view_->cgroups_named(id);
  return find();
}

// The host's network is that of the engine, which may run in a namespace of its own.
Result<ListenersPtr> HostPorts::look(const Process& member) {
  const bool elsewhere =
      member.network_namespace != 0 && member.network_namespace != own_namespace_;
  const auto known = seen_.find(member.network_namespace);
  if (known != seen_.end()) return known->second;
  auto seen = elsewhere ? Listeners(view_, member.pid).look() : own_->look();
  if (seen) seen_.emplace(member.network_namespace, *seen);
  return seen;
}

}  // namespace rollcall::docker_api
