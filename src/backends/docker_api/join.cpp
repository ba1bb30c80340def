#include "backends/docker_api/join.hpp"

#include <utility>

namespace rollcall::docker_api {

void Joins::replace(const Containers& all) {
  owners_.clear();
  joiners_.clear();
  update(all);
}

void Joins::update(const Containers& some) {
  for (const auto& [id, container] : some) {
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

std::vector<std::string> Joins::joiners_of(const std::string& owner) const {
  const auto at = joiners_.find(owner);
  if (at == joiners_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

std::vector<Reading> finish(Containers containers) {
  for (auto& [id, container] : containers) {
    Instance& joiner = container.instance;
    const auto owner = containers.find(joiner.network_owner);
    if (owner == containers.end() || !in_running_set(joiner)) continue;
    joiner.addresses = owner->second.instance.addresses;
    joiner.ports = owner->second.instance.ports;
  }
  std::vector<Reading> readings;
  readings.reserve(containers.size());
  // Each gives back its memory before the next is made: of a long list, no two copies are held.
  while (!containers.empty()) {
    const auto node = containers.extract(containers.begin());
    DecodedContainer& container = node.mapped();
    const bool settled = !container.awaits_address && !container.awaits_ports;
    readings.push_back({std::make_shared<const Instance>(std::move(container.instance)), settled});
  }
  return readings;
}

}  // namespace rollcall::docker_api
