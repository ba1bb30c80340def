// The part of Roster that joins pods with Services and endpoints.
#include <algorithm>
#include <iterator>
#include <utility>

#include "backends/kubernetes/roster.hpp"
#include "core/budgets.hpp"
#include "core/deduplicate.hpp"

namespace rollcall::kubernetes {
namespace {

constexpr std::size_t bits = 64;

/// A key for namespace and name; names hold no '/'.
std::string key_of(std::string_view name_space, std::string_view name) {
  std::string key;
  key.reserve(name_space.size() + name.size() + 1);
  return key.append(name_space).append("/").append(name);
}

template <class Object>
std::string key_of(const Object& object) {
  return key_of(object.name_space, object.name);
}

std::size_t memory_of(const Service& service) {
  std::size_t sum = sizeof(Service) + service.name_space.size() + service.name.size() +
                    service.ports.size() * sizeof(ServicePort);
  for (const auto* ips : {&service.cluster_ips, &service.outer_ips}) {
    for (const std::string& ip : *ips) sum += sizeof(std::string) + ip.size();
  }
  for (const ServicePort& port : service.ports) sum += port.name.size();
  return sum;
}

/// Includes the index of its targets.
std::size_t memory_of(const Slice& slice) {
  constexpr std::size_t of_target = 48;
  std::size_t sum =
      sizeof(Slice) + slice.name_space.size() + slice.name.size() + slice.service.size();
  for (const SliceGroup& group : slice.groups) {
    const auto targets = static_cast<std::size_t>(std::ranges::count(group.targets, '\n'));
    sum += sizeof(group) + group.targets.size() + targets * of_target +
           group.ports.size() * sizeof(SlicePort);
    for (const SlicePort& port : group.ports) sum += port.name.size();
  }
  return sum;
}

std::vector<PortMapping> with(const std::vector<PortMapping>& own,
                              const std::vector<PortMapping>& of_services) {
  std::vector<PortMapping> all = own;
  all.insert(all.end(), of_services.begin(), of_services.end());
  sort_and_deduplicate(all);
  return all;
}

/// Calls `each(at, target)` for each target of the slice; `at` is its index among all of them.
template <class Each>
void each_target(const Slice& slice, Each each) {
  std::size_t before = 0;
  for (const SliceGroup& group : slice.groups) {
    const std::string_view targets = group.targets;
    for (std::size_t at = 0; at < targets.size();) {
      const std::size_t end = targets.find('\n', at);
      each(before + at, targets.substr(at, end - at));
      at = end + 1;
    }
    before += targets.size();
  }
}

/// The group of the target at this index; null if that is another target.
const SliceGroup* group_at(const Slice& slice, std::size_t at, std::string_view target) {
  for (const SliceGroup& group : slice.groups) {
    if (at >= group.targets.size()) {
      at -= group.targets.size();
      continue;
    }
    const std::string_view there = std::string_view(group.targets).substr(at);
    const bool same =
        there.size() > target.size() && there.starts_with(target) && there[target.size()] == '\n';
    return same ? &group : nullptr;
  }
  return nullptr;
}

std::vector<std::string> targets_of(const Slice& slice) {
  std::vector<std::string> targets;
  each_target(slice, [&](std::size_t, std::string_view target) { targets.emplace_back(target); });
  std::ranges::sort(targets);
  return targets;
}

/// The targets for which the two slices differ.
std::vector<std::string> concerned(const Slice& before, const Slice& after) {
  const auto old = targets_of(before);
  const auto now = targets_of(after);
  const bool one_group = before.groups.size() == 1 && after.groups.size() == 1;
  std::vector<std::string> all;
  if (one_group && before.service == after.service &&
      before.groups.front().ports == after.groups.front().ports) {
    std::ranges::set_symmetric_difference(old, now, std::back_inserter(all));
  } else {
    std::ranges::set_union(old, now, std::back_inserter(all));
  }
  return all;
}

}  // namespace

// ---- the ports of a pod

std::vector<PortMapping> Roster::own_ports_of(const Entry& entry) const {
  if (const auto many = many_ports_.find(entry.pod->key.id); many != many_ports_.end()) {
    return many->second;
  }
  std::vector<PortMapping> own;
  const auto& ports = entry.pod->ports;
  for (std::size_t at = 0; at < ports.size() && at < bits; ++at) {
    if (((entry.own_ports >> at) & 1U) != 0) own.push_back(ports[at]);
  }
  return own;
}

/// `all` is sorted and contains `own`. The pod must not be shared.
void Roster::set_ports(const Entry& entry, std::vector<PortMapping> own,
                       std::vector<PortMapping> all) {
  entry.own_ports = 0;
  given_bytes_ += all.size() * sizeof(PortMapping);
  many_ports_.erase(entry.pod->key.id);
  if (all.size() > bits) {
    many_ports_.emplace(entry.pod->key.id, std::move(own));
  } else {
    for (const PortMapping& port : own) {
      const auto at = std::ranges::lower_bound(all, port) - all.begin();
      entry.own_ports |= std::uint64_t{1} << static_cast<unsigned>(at);
    }
  }
  all.shrink_to_fit();
  entry.pod->ports = std::move(all);
}

void Roster::collect(const Instance& pod, std::string_view target,
                     std::vector<PortMapping>& into) const {
  const auto node = nodes_.find(pod.node);
  const std::string_view node_ip = node == nodes_.end() ? std::string_view() : node->second;
  const Member wanted{.hash = short_hash(pod.group, target)};
  const auto [begin, end] = members_.equal_range(wanted);
  for (auto at = begin; at != end; ++at) {
    const Slice& slice = *at->slice;
    if (slice.name_space != pod.group) continue;
    const SliceGroup* const group = group_at(slice, at->at, target);
    const auto service = services_.find(key_of(slice.name_space, slice.service));
    if (group == nullptr || service == services_.end()) continue;
    if (into.size() >= budget::instance_ports) return;
    auto ports = ports_of(service->second.object, group->ports, node_ip);
    std::ranges::move(ports, std::back_inserter(into));
  }
}

std::vector<PortMapping> Roster::service_ports_of(const Instance& pod) const {
  std::vector<PortMapping> ports;
  if (members_.empty() || !in_running_set(pod)) return ports;
  collect(pod, pod.name, ports);
  // A pod on its node's network has the node's address, which does not identify it.
  if (pod.network_mode != NetworkMode::own) return ports;
  for (const Address& address : pod.addresses) collect(pod, "@" + address.ip, ports);
  return ports;
}

/// Adds the ports of services to a pod that so far has only its own ports, sorted. The pod must not
/// be shared.
void Roster::add_service_ports(const Entry& entry) {
  const std::vector<PortMapping> of_services = service_ports_of(*entry.pod);
  auto& ports = entry.pod->ports;
  if (of_services.empty() && ports.size() <= bits) {  // Nothing to add.
    many_ports_.erase(entry.pod->key.id);
    entry.own_ports = ports.empty() ? 0 : ~std::uint64_t{0} >> (bits - ports.size());
    return;
  }
  std::vector<PortMapping> all = with(ports, of_services);
  set_ports(entry, std::exchange(ports, {}), std::move(all));
}

/// Updates the pod's ports of services; returns false if they have not changed.
bool Roster::join(const Entry& entry) {
  std::vector<PortMapping> own = own_ports_of(entry);
  std::vector<PortMapping> all = with(own, service_ports_of(*entry.pod));
  entry.joined = true;
  if (all == entry.pod->ports) return false;
  entry.pod = std::make_shared<Instance>(*entry.pod);
  as_they_came_.clear();  // It may hold the replaced object.
  set_ports(entry, std::move(own), std::move(all));
  return true;
}

// ---- services and slices

void Roster::put(Service service) {
  auto& record = services_[key_of(service)];
  record.round = round_;
  if (record.object == service) return;
  network_changed_ = true;
  put(record.object, std::move(service));
}

void Roster::put(Service& here, Service service) {
  if (!here.name.empty()) network_bytes_ -= memory_of(here);
  network_bytes_ += memory_of(service);
  here = std::move(service);
}

void Roster::put(Slice slice) {
  const std::string key = key_of(slice);
  if (replace(std::move(slice))) network_changed_ = true;
  slices_.at(key).round = round_;
}

void Roster::keep_network() {
  keeps_network_ = true;
}

void Roster::end_network() {
  if (keeps_network_) return;
  const std::size_t before = services_.size() + slices_.size();
  std::erase_if(services_, [this](const auto& s) {
    const bool gone = s.second.round != round_;
    if (gone) network_bytes_ -= memory_of(s.second.object);
    return gone;
  });
  std::erase_if(slices_, [this](const auto& s) {
    const bool gone = s.second.round != round_;
    if (gone) forget(s.second.object);
    return gone;
  });
  if (services_.size() + slices_.size() != before) network_changed_ = true;
}

/// Returns whether it differs from the one before.
bool Roster::replace(Slice slice) {
  const auto [at, fresh] = slices_.try_emplace(key_of(slice));
  Slice& here = at->second.object;
  if (!fresh && here == slice) return false;
  if (!fresh) forget(here);
  here = std::move(slice);
  remember(here);
  return true;
}

void Roster::forget(const Slice& slice) {
  network_bytes_ -= memory_of(slice);
  each_target(slice, [&](std::size_t, std::string_view target) {
    const Member wanted{.hash = short_hash(slice.name_space, target)};
    const auto [begin, end] = members_.equal_range(wanted);
    const auto ours = std::find_if(begin, end, [&](const Member& m) { return m.slice == &slice; });
    if (ours != end) members_.erase(ours);
  });
  const auto [begin, end] = slices_of_.equal_range(key_of(slice.name_space, slice.service));
  const auto ours = std::find_if(begin, end, [&](const auto& s) { return s.second == &slice; });
  if (ours != end) slices_of_.erase(ours);
}

void Roster::remember(const Slice& slice) {
  network_bytes_ += memory_of(slice);
  each_target(slice, [&](std::size_t at, std::string_view target) {
    members_.insert({.slice = &slice,
                     .at = static_cast<std::uint32_t>(at),
                     .hash = short_hash(slice.name_space, target)});
  });
  slices_of_.emplace(key_of(slice.name_space, slice.service), &slice);
}

void Roster::rejoin(std::string_view name_space, const std::vector<std::string>& targets,
                    std::vector<Change>& changes) {
  for (const std::string& target : targets) {
    if (target.starts_with('@')) {
      rejoin_by_address(name_space, std::string_view(target).substr(1), changes);
      continue;
    }
    const auto at = pods_.find(Place(name_space, target));
    if (at != pods_.end() && join(*at)) changes.emplace_back(Upsert{at->pod});
  }
}

void Roster::rejoin_by_address(std::string_view name_space, std::string_view ip,
                               std::vector<Change>& changes) {
  for (const Entry& entry : pods_) {
    if (entry.pod->group != name_space) continue;
    const bool has =
        std::ranges::find(entry.pod->addresses, ip, &Address::ip) != entry.pod->addresses.end();
    if (has && join(entry)) changes.emplace_back(Upsert{entry.pod});
  }
}

void Roster::apply(EventType type, Service service, std::vector<Change>& changes) {
  const std::string key = key_of(service);
  const std::string name_space = service.name_space;
  if (type == EventType::deleted) {
    const auto gone = services_.find(key);
    if (gone == services_.end()) return;
    network_bytes_ -= memory_of(gone->second.object);
    services_.erase(gone);
  } else {
    auto& record = services_[key];
    if (record.object == service) return;
    put(record.object, std::move(service));
    record.round = round_;
  }
  std::vector<std::string> targets;
  const auto [begin, end] = slices_of_.equal_range(key);
  for (auto at = begin; at != end; ++at) {
    std::ranges::move(targets_of(*at->second), std::back_inserter(targets));
  }
  sort_and_deduplicate(targets);
  rejoin(name_space, targets, changes);
}

void Roster::apply(EventType type, Slice slice, std::vector<Change>& changes) {
  const std::string key = key_of(slice);
  const std::string name_space = slice.name_space;
  const auto at = slices_.find(key);
  if (type == EventType::deleted) {
    if (at == slices_.end()) return;
    const auto targets = targets_of(at->second.object);
    forget(at->second.object);
    slices_.erase(at);
    return rejoin(name_space, targets, changes);
  }
  const Slice before = at == slices_.end() ? Slice() : at->second.object;
  const auto targets = concerned(before, slice);
  if (!replace(std::move(slice))) return;
  slices_.at(key).round = round_;
  rejoin(name_space, targets, changes);
}

}  // namespace rollcall::kubernetes
