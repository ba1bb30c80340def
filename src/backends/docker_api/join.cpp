#include "backends/docker_api/join.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace rollcall::docker_api {

void Joins::replace(const Containers& all) {
  owners_.clear();
  joiners_.clear();
  pods_.clear();
  members_.clear();
  update(all);
}

void Joins::update(const Containers& some) {
  for (const auto& [id, container] : some) {
    if (!container.pod.empty()) {
      pods_[id] = container.pod;
      members_[container.pod].insert(id);
    }
    const std::string& owner = container.instance.network_owner;
    if (owner.empty()) continue;
    owners_[id] = owner;
    joiners_[owner].insert(id);
  }
}

std::optional<std::string> Joins::owner_of(const std::string& id) const {
  const auto at = owners_.find(id);
  return at == owners_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::string> Joins::fellows_of(const std::string& id) const {
  const auto pod = pods_.find(id);
  if (pod == pods_.end()) return {};
  std::vector<std::string> fellows;
  std::ranges::copy_if(members_.at(pod->second), std::back_inserter(fellows),
                       [&id](const std::string& member) { return member != id; });
  return fellows;
}

std::vector<std::string> Joins::dependents_of(const std::string& id) const {
  const std::vector<std::string> fellows = fellows_of(id);
  std::set<std::string> all(fellows.begin(), fellows.end());
  if (const auto at = joiners_.find(id); at != joiners_.end()) {
    all.insert(at->second.begin(), at->second.end());
  }
  return {all.begin(), all.end()};
}

namespace {

bool is_older(const Instance& a, const Instance& b) {
  return std::tie(a.created_at, a.key.id) < std::tie(b.created_at, b.key.id);
}

// Whether it is one of those that have the ports of its pod together.
bool shares_ports(const DecodedContainer& container) {
  return !container.pod.empty() && (container.infra || !container.instance.network_owner.empty());
}

// All of a pod would tell the same ports. One of them has them: which one serves a port, the engine
// does not know.
void tell_ports_of_pods_once(Containers& containers) {
  std::map<std::string, const Instance*> holders;
  for (const auto& [id, container] : containers) {
    const bool may_hold = !container.infra && in_running_set(container.instance);
    if (!shares_ports(container) || !may_hold) continue;
    const Instance*& holder = holders[container.pod];
    if (holder == nullptr || is_older(container.instance, *holder)) holder = &container.instance;
  }
  for (auto& [id, container] : containers) {
    const auto holder = holders.find(container.pod);
    const bool held_elsewhere = holder != holders.end() && holder->second != &container.instance;
    if (shares_ports(container) && held_elsewhere) container.instance.ports.clear();
  }
}

}  // namespace

std::vector<Reading> finish(Containers containers, Infra infra) {
  for (auto& [id, container] : containers) {
    Instance& joiner = container.instance;
    const auto owner = containers.find(joiner.network_owner);
    if (owner == containers.end() || !in_running_set(joiner)) continue;
    joiner.addresses = owner->second.instance.addresses;
    joiner.ports = owner->second.instance.ports;
  }
  tell_ports_of_pods_once(containers);
  std::vector<Reading> readings;
  readings.reserve(containers.size());
  // Each gives back its memory before the next is made: of a long list, no two copies are held.
  while (!containers.empty()) {
    const auto node = containers.extract(containers.begin());
    DecodedContainer& container = node.mapped();
    if (container.infra && infra == Infra::hidden) continue;
    const bool settled =
        !container.awaits_address && !container.awaits_ports && !container.incomplete;
    readings.push_back({std::make_shared<const Instance>(std::move(container.instance)), settled});
  }
  return readings;
}

}  // namespace rollcall::docker_api
