#include "backends/systemd/ports.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/deduplicate.hpp"
#include "hostview/cgroup.hpp"

namespace rollcall::systemd {
namespace {

std::vector<PortMapping> within(
    const std::map<std::string, std::vector<Listener>, std::less<>>& all, std::string_view group) {
  std::vector<Listener> found;
  for (auto at = all.lower_bound(group); at != all.end() && at->first.starts_with(group); ++at) {
    if (is_within(at->first, group)) {
      found.insert(found.end(), at->second.begin(), at->second.end());
    }
  }
  return host_ports(found);
}

}  // namespace

void PortBook::set_manager(std::string_view told, pid_t pid) {
  const auto manager = pid == 0 ? std::nullopt : view_->place(pid);
  const auto ours = view_->place(0);
  if (!manager || !ours) return;
  own_network_ = ours->network_namespace;
  const std::string_view seen = telling_cgroup(manager->cgroups);
  root_ = root_of_groups(told, seen);
  std::string top = root_ + std::string(told == "/" ? "" : told);
  if (seen != top + "/init.scope") return;
  top_ = std::move(top);
  if (const auto process = view_->process(pid)) user_of_manager_ = process->user;
}

void PortBook::locate(std::string_view unit, UnitProperties& into) const {
  const bool group_is_known = into.control_group && !into.control_group->empty();
  const pid_t pid = static_cast<pid_t>(into.main_pid.value_or(0));
  if (pid == 0 || !top_ || (group_is_known && into.private_network)) return;
  const auto place = view_->place(pid);
  if (!place) return;
  // The manager may use another pid namespace; then this process is not in the unit's group.
  const auto group = group_of_unit(telling_cgroup(place->cgroups), *top_, unit);
  if (group.empty()) return;
  if (!group_is_known) into.control_group = group.substr(root_.size());
  if (place->executable.empty() || prepares_units(place->executable)) return;
  const bool readable = place->network_namespace != 0;
  if (readable && place->network_namespace == own_network_) into.private_network = false;
}

PortBook::Groups PortBook::by_group(const ListenersSeen& seen) const {
  std::map<pid_t, std::string> group_of;  // Several sockets have one owner.
  const auto owners_group = [&](pid_t pid) -> const std::string& {
    const auto [at, fresh] = group_of.try_emplace(pid);
    if (fresh) {
      const auto process = view_->process(pid);
      if (process) at->second = telling_cgroup(process->cgroups);
    }
    return at->second;
  };
  Groups groups;
  for (const Listener& listener : seen.listeners) {
    std::set<std::string> holders;
    for (const pid_t pid : listener.owners) holders.insert(owners_group(pid));
    if (holders.empty()) holders.insert(listener.cgroup);
    for (const std::string& group : holders) groups[group].push_back(listener);
  }
  return groups;
}

Result<std::vector<std::string>> PortBook::look() {
  auto seen = listeners_.look();
  if (!seen) return fail(std::move(seen.error()));
  std::vector<std::string> changed;
  if (*seen == seen_) return changed;
  seen_ = std::move(*seen);
  Groups before = std::exchange(groups_, by_group(*seen_));
  for (const auto& [group, listeners] : groups_) {
    const auto known = before.find(group);
    if (known == before.end() || known->second != listeners) changed.push_back(group);
    if (known != before.end()) before.erase(known);
  }
  for (const auto& [group, listeners] : before) changed.push_back(group);
  return changed;
}

std::vector<PortMapping> PortBook::of_group(std::string_view group) const {
  // The root group would match everything.
  if (group.empty() || group == "/") return {};
  return within(groups_, root_ + std::string(group));
}

std::vector<PortMapping> PortBook::of_private_network(std::string_view group) const {
  if (group.empty() || group == "/") return {};
  const std::string ours = root_ + std::string(group);
  // The pid of the main process is in the manager's namespace, which may not be ours, so use the
  // group.
  const auto processes = view_->cgroup_members(ours);
  if (processes.empty()) return {};
  Listeners listeners(view_, processes.front());
  const auto seen = listeners.look();
  if (!seen) return {};
  auto ports = within(by_group(**seen), ours);
  for (PortMapping& port : ports) {
    port.host_ip.clear();
    port.host_port = 0;
    port.scope = PortScope::internal;
  }
  sort_and_deduplicate(ports);
  return ports;
}

std::string root_of_groups(std::string_view told, std::string_view seen) {
  const std::string own = (told == "/" ? std::string() : std::string(told)) + "/init.scope";
  if (!seen.ends_with(own)) return {};
  return std::string(seen.substr(0, seen.size() - own.size()));
}

std::string_view group_of_unit(std::string_view seen, std::string_view top, std::string_view unit) {
  if (!seen.starts_with(top)) return {};
  for (std::size_t at = top.size(); at < seen.size() && seen[at] == '/';) {
    const std::size_t end = std::min(seen.find('/', at + 1), seen.size());
    if (unescaped_group(seen.substr(at + 1, end - at - 1)) == unit) return seen.substr(0, end);
    at = end;
  }
  return {};
}

bool prepares_units(std::string_view executable) noexcept {
  const std::string_view name = executable.substr(executable.rfind('/') + 1);
  return name == "systemd" || name == "systemd-executor";
}

}  // namespace rollcall::systemd
