#include "documents/shared_ports.hpp"

namespace rollcall::server {
namespace {

std::tuple<std::string_view, std::string_view, std::string_view> key_of(const Instance& instance) {
  return {instance.key.backend, instance.key.endpoint, instance.key.id};
}

}  // namespace

SharedPorts::SharedPorts(std::span<const InstancePtr> instances, const Claims& claims) {
  std::map<Key, std::string_view> owners;
  for (const InstancePtr& instance : instances) {
    const std::string& owner = instance->network_owner;
    if (!owner.empty()) owners.emplace(key_of(*instance), owner);
  }
  if (owners.empty()) return;
  for (const auto& [joiner, owner] : owners) find_root(joiner, owners);
  for (const auto& [joiner, root] : roots_) networks_.try_emplace(root);
  for (const InstancePtr& instance : instances) {
    const Key key = key_of(*instance);
    const auto network = networks_.find(root_of(key));
    if (network == networks_.end()) continue;
    const int unnamed = network->first == key ? 1 : 2;
    for (const Claim& claim : claims(*instance)) {
      const int rank = claim.named ? 0 : unnamed;
      Holder& holder = network->second[claim.port];
      if (holder.instance == nullptr || rank < holder.rank) holder = {rank, instance.get()};
    }
  }
}

/// Whose network a joiner uses in the end, and all on the way there.
void SharedPorts::find_root(Key joiner, const std::map<Key, std::string_view>& owners) {
  std::vector<Key> path;
  Key root = joiner;
  for (auto at = owners.find(joiner); at != owners.end(); at = owners.find(root)) {
    // Until its root is found it is its own: those that join each other end there.
    const auto [known, is_new] = roots_.try_emplace(root, root);
    if (!is_new) {
      root = known->second;
      break;
    }
    path.push_back(root);
    std::get<2>(root) = at->second;
  }
  for (const Key& passed : path) roots_.insert_or_assign(passed, root);
}

SharedPorts::Key SharedPorts::root_of(const Key& key) const {
  const auto joined = roots_.find(key);
  return joined == roots_.end() ? key : joined->second;
}

bool SharedPorts::is_of(const Instance& instance, const Port& port) const {
  if (networks_.empty()) return true;
  const auto network = networks_.find(root_of(key_of(instance)));
  if (network == networks_.end()) return true;
  const auto holder = network->second.find(port);
  return holder == network->second.end() || holder->second.instance == &instance;
}

}  // namespace rollcall::server
