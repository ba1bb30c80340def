#include "backends/docker_api/join.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/async/pace.hpp"

namespace rollcall::docker_api {

void Joins::update(const Containers& some) {
  for (const auto& [id, container] : some) update(id, container);
}

void Joins::update(const std::string& id, const DecodedContainer& container) {
  forget(id);
  if (!container.pod.empty()) {
    pods_[id] = container.pod;
    members_[container.pod].insert(id);
  }
  const std::string& owner = container.instance.network_owner;
  if (owner.empty()) return;
  owners_[id] = owner;
  joiners_[owner].insert(id);
}

Joins::Ids Joins::owners_of(const std::string& id) const {
  Ids all;
  auto at = owners_.find(id);
  // Stops at an id that was passed before: containers can join each other in a circle.
  while (at != owners_.end() && at->second != id && all.insert(at->second).second) {
    at = owners_.find(at->second);
  }
  return all;
}

Joins::Ids Joins::missing_in(const Containers& some) const {
  Ids missing;
  std::set<const Ids*> pods;
  const auto want = [&](const std::string& id) {
    if (!some.contains(id)) missing.insert(id);
  };
  for (const auto& [id, container] : some) {
    if (!container.instance.network_owner.empty()) want(container.instance.network_owner);
    const Ids* pod = pod_of(id);
    if (pod != nullptr && pods.insert(pod).second) std::ranges::for_each(*pod, want);
  }
  return missing;
}

void Joins::forget(const std::string& id) {
  const auto leave = [&id](std::map<std::string, std::string>& places,
                           std::map<std::string, Ids>& groups) {
    const auto place = places.find(id);
    if (place == places.end()) return;
    const auto group = groups.find(place->second);
    group->second.erase(id);
    if (group->second.empty()) groups.erase(group);
    places.erase(place);
  };
  leave(owners_, joiners_);
  leave(pods_, members_);
}

const Joins::Ids* Joins::pod_of(const std::string& id) const {
  const auto pod = pods_.find(id);
  return pod == pods_.end() ? nullptr : &members_.at(pod->second);
}

const Joins::Ids* Joins::joiners_of(const std::string& id) const {
  const auto at = joiners_.find(id);
  return at == joiners_.end() ? nullptr : &at->second;
}

Joins::Ids Joins::dependents_of(const Ids& changed) const {
  Ids all;
  std::set<const Ids*> pods;
  Ids joined;
  std::vector<const Ids*> found;
  for (const std::string& id : changed) {
    if (const Ids* joiners = joiners_of(id)) found.push_back(joiners);
    const Ids* pod = pod_of(id);
    if (pod != nullptr && pods.insert(pod).second) all.insert(pod->begin(), pod->end());
  }
  while (!found.empty()) {
    const Ids& joiners = *found.back();
    found.pop_back();
    for (const std::string& id : joiners) {
      // Those of one that changed are found by themselves.
      if (changed.contains(id) || !joined.insert(id).second) continue;
      if (const Ids* in_turn = joiners_of(id)) found.push_back(in_turn);
    }
  }
  all.merge(joined);
  for (const std::string& id : changed) all.erase(id);
  return all;
}

namespace {

bool is_older(const Instance& a, const Instance& b) {
  return std::tie(a.created_at, a.key.id) < std::tie(b.created_at, b.key.id);
}

// Whether it is one of the containers that all list the ports of their pod.
bool shares_ports(const DecodedContainer& container) {
  return !container.pod.empty() && (container.infra || !container.instance.network_owner.empty());
}

// Where each chain of joined networks ends.
class Ends {
 public:
  explicit Ends(Containers& all) : all_(all) {}

  struct End {
    DecodedContainer* at = nullptr;  // null, if it is not among them
    bool circle = false;             // they join each other
  };

  End of(DecodedContainer& first) {
    std::vector<const DecodedContainer*> path;
    End end;
    for (DecodedContainer* at = &first;;) {
      // Marked as part of a circle until its end is known, in case the path comes back to it.
      const auto [known, is_new] = ends_.try_emplace(at, End{.circle = true});
      if (!is_new) {
        end = known->second;
        break;
      }
      path.push_back(at);
      const std::string& owner = at->instance.network_owner;
      if (owner.empty()) {
        end = {.at = at};
        break;
      }
      const auto next = all_.find(owner);
      if (next == all_.end()) break;
      at = &next->second;
    }
    for (const DecodedContainer* passed : path) ends_[passed] = end;
    return end;
  }

 private:
  Containers& all_;
  std::map<const DecodedContainer*, End> ends_;
};

using PortKey = std::pair<std::uint16_t, Protocol>;

PortKey key_of(const PortMapping& port) {
  return {port.container_port, port.protocol};
}

// What an engine tells of the joiner itself stays. That are ports which it does not publish, as it
// has no network: Podman repeats the published ones of the owner.
void add_ports_of_owner(Instance& joiner, const Instance& owner) {
  std::erase_if(joiner.ports,
                [](const PortMapping& port) { return port.scope != PortScope::internal; });
  if (joiner.ports.empty()) {
    joiner.ports = owner.ports;
    return;
  }
  std::vector<PortKey> keys;
  keys.reserve(owner.ports.size());
  std::ranges::transform(owner.ports, std::back_inserter(keys), key_of);
  std::ranges::sort(keys);
  std::erase_if(joiner.ports, [&keys](const PortMapping& port) {
    return std::ranges::binary_search(keys, key_of(port));
  });
  joiner.ports.insert(joiner.ports.end(), owner.ports.begin(), owner.ports.end());
  std::ranges::sort(joiner.ports);
}

Result<void> use_network(DecodedContainer& joiner, const DecodedContainer& end,
                         ListBudget& budget) {
  const Instance& owner = end.instance;
  auto taken = budget.take_bytes(owner.addresses.size() * sizeof(Address) +
                                 owner.ports.size() * sizeof(PortMapping));
  if (!taken) return taken;
  joiner.instance.addresses = owner.addresses;
  add_ports_of_owner(joiner.instance, owner);
  joiner.awaits_address = joiner.awaits_address || end.awaits_address;
  return {};
}

void tell_of_circle(Instance& joiner) {
  joiner.problems.push_back(
      {.where = "network",
       .what = "it uses the network of another, which uses its own: its addresses are not known"});
  std::ranges::sort(joiner.problems);
}

boost::asio::awaitable<Result<void>> use_networks_of_owners(Containers& containers,
                                                            ListBudget& budget) {
  Ends ends(containers);
  Pace pace;
  for (auto& [id, container] : containers) {
    if (pace.due()) co_await pace.rest();
    Instance& joiner = container.instance;
    if (joiner.network_owner.empty() || !in_running_set(joiner)) continue;
    const Ends::End end = ends.of(container);
    if (end.circle) tell_of_circle(joiner);
    if (end.at == nullptr) {
      container.incomplete = container.incomplete || !end.circle;
      continue;
    }
    auto used = use_network(container, *end.at, budget);
    if (!used) co_return used;
  }
  co_return Result<void>();
}

// All that its owner does not tell, which is what was told of itself.
void keep_own_ports(Instance& instance, const Instance* owner) {
  std::erase_if(instance.ports, [owner](const PortMapping& port) {
    return owner == nullptr || std::ranges::binary_search(owner->ports, port);
  });
}

// All of a pod would tell the same ports. One of them has them: which one serves a port, the engine
// does not know.
boost::asio::awaitable<void> tell_ports_of_pods_once(Containers& containers) {
  std::map<std::string, const Instance*> holders;
  std::map<std::string, DecodedContainer*> infras;
  Pace pace;
  for (auto& [id, container] : containers) {
    if (pace.due()) co_await pace.rest();
    if (container.infra && !container.pod.empty()) infras[container.pod] = &container;
    const bool may_hold = !container.infra && in_running_set(container.instance);
    if (!shares_ports(container) || !may_hold) continue;
    const Instance*& holder = holders[container.pod];
    if (holder == nullptr || is_older(container.instance, *holder)) holder = &container.instance;
  }
  if (holders.empty()) co_return;
  const auto held_elsewhere = [&holders](const DecodedContainer& container) {
    const auto holder = holders.find(container.pod);
    return shares_ports(container) && holder != holders.end() &&
           holder->second != &container.instance;
  };
  for (auto& [id, container] : containers) {
    if (pace.due()) co_await pace.rest();
    if (container.infra || !held_elsewhere(container)) continue;
    const auto infra = infras.find(container.pod);
    keep_own_ports(container.instance, infra == infras.end() ? nullptr : &infra->second->instance);
  }
  for (const auto& [pod, infra] : infras) {
    if (held_elsewhere(*infra)) infra->instance.ports.clear();
  }
}

}  // namespace

boost::asio::awaitable<void> use_networks_of_host(Containers& containers) {
  Ends ends(containers);
  std::vector<Instance*> joiners;
  Pace pace;
  for (auto& [id, container] : containers) {
    if (pace.due()) co_await pace.rest();
    if (container.instance.network_owner.empty()) continue;
    const Ends::End end = ends.of(container);
    const bool on_host = end.at != nullptr && end.at->instance.network_mode == NetworkMode::host;
    if (on_host) joiners.push_back(&container.instance);
  }
  for (Instance* const joiner : joiners) {
    joiner->network_mode = NetworkMode::host;
    joiner->network_owner.clear();
    joiner->ports.clear();  // of these its own processes tell
  }
}

Task<std::vector<Reading>> finish(Containers containers, Infra infra, ListBudget& budget) {
  auto used = co_await use_networks_of_owners(containers, budget);
  if (!used) co_return fail(std::move(used.error()));
  co_await tell_ports_of_pods_once(containers);
  std::vector<Reading> readings;
  readings.reserve(containers.size());
  // Frees each container before making the next reading, so a long list is never held twice.
  for (Pace pace; !containers.empty();) {
    if (pace.due()) co_await pace.rest();
    const auto node = containers.extract(containers.begin());
    DecodedContainer& container = node.mapped();
    if (container.infra && infra == Infra::hidden) continue;
    const bool settled =
        !container.awaits_address && !container.awaits_ports && !container.incomplete;
    readings.push_back({std::make_shared<const Instance>(std::move(container.instance)), settled});
  }
  co_return readings;
}

}  // namespace rollcall::docker_api
