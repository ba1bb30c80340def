#include "backends/kubernetes/roster.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace rollcall::kubernetes {

Roster::Place::Place(std::string_view its_name_space, std::string_view its_name)
    : name_space(its_name_space), name(its_name), hash(hash_of_place(its_name_space, its_name)) {}

Roster::Place::Place(const Pod& pod)
    : name_space(pod.instance->group), name(pod.instance->name), hash(pod.place) {}

std::uint32_t Roster::short_hash(std::string_view name_space, std::string_view target) noexcept {
  const std::size_t hash = hash_of_place(name_space, target);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

// ---- pods

/// Inserts a pod, or replaces the one with its name. Returns its position.
Roster::Pods::iterator Roster::take(Pod pod) {
  if (!pod.node_ip.empty()) nodes_[pod.instance->node] = pod.node_ip;
  Entry fresh{.hash = pod.place,
              .pod = std::move(pod.instance),
              .version = pod.version,
              .round = round_,
              .joined = true};
  add_service_ports(fresh);
  const auto [at, is_new] = pods_.insert(fresh);
  if (is_new) return at;
  if (at->pod->key.id != fresh.pod->key.id) {
    erase(at);
    return pods_.insert(std::move(fresh)).first;
  }
  at->version = fresh.version;
  at->round = fresh.round;
  at->joined = true;
  at->own_ports = fresh.own_ports;
  // An unchanged pod stays the same object for all its holders.
  if (!same_content(*at->pod, *fresh.pod)) at->pod = std::move(fresh.pod);
  return at;
}

void Roster::erase(Pods::iterator at) {
  many_ports_.erase(at->pod->key.id);
  pods_.erase(at);
}

void Roster::begin_round() {
  ++round_;
  keeps_network_ = false;
  given_bytes_ = 0;
  is_new_ = pods_.empty();
  as_they_came_.clear();
}

/// Finds the pod with this metadata in this version.
Roster::Pods::const_iterator Roster::find(const Place& place, const Meta& meta) const {
  const auto at = pods_.find(place);
  const bool known =
      at != pods_.end() && at->pod->key.id == meta.uid && at->version == Version::of(meta.version);
  return known ? at : pods_.end();
}

bool Roster::knows(const Meta& meta) const {
  return find({meta.name_space, meta.name}, meta) != pods_.end();
}

bool Roster::keep(const Meta& meta, const Roster* elder) {
  if (is_new_ && elder == nullptr) return false;
  const Place place(meta.name_space, meta.name);
  if (const auto at = find(place, meta); at != pods_.end()) {
    at->round = round_;
    return true;
  }
  if (elder == nullptr || pods_.contains(place)) return false;
  const auto known = elder->find(place, meta);
  if (known == elder->pods_.end()) return false;
  const Entry& old = *known;
  if (elder->many_ports_.contains(old.pod->key.id)) return false;
  if (const auto node = elder->nodes_.find(old.pod->node); node != elder->nodes_.end()) {
    nodes_.insert(*node);
  }
  Entry entry = old;
  entry.round = round_;
  static_cast<void>(join(entry));  // Services may lead to it no more.
  pods_.insert(std::move(entry));
  return true;
}

void Roster::put(Pod pod) {
  if (!keeps_ended_ && !in_running_set(*pod.instance)) return;
  const auto at = take(std::move(pod));
  if (is_new_) as_they_came_.push_back(at->pod);
}

std::vector<InstancePtr> Roster::end_round() {
  for (auto at = pods_.begin(); at != pods_.end();) {
    const auto next = std::next(at);
    if (at->round != round_) {
      erase(at);
    } else {
      if (network_changed_ && !at->joined) static_cast<void>(join(*at));
      at->joined = false;
    }
    at = next;
  }
  network_changed_ = false;
  auto all = std::exchange(as_they_came_, {});
  if (all.size() == pods_.size()) return all;  // None was put twice, and none is gone.
  all.clear();
  all.reserve(pods_.size());
  for (const Entry& entry : pods_) all.emplace_back(entry.pod);
  return all;
}

void Roster::apply(EventType type, Pod pod, std::vector<Change>& changes) {
  const auto at = pods_.find(Place(pod));
  const bool same = at != pods_.end() && at->pod->key.id == pod.instance->key.id;
  if (type == EventType::deleted) {
    if (same) erase(at);
    changes.emplace_back(Gone{.id = pod.instance->key.id});
    return;
  }
  if (pod.known) {
    if (same) changes.emplace_back(Upsert{at->pod});
    return;
  }
  if (at != pods_.end() && !same) changes.emplace_back(Gone{.id = at->pod->key.id});
  if (!keeps_ended_ && !in_running_set(*pod.instance)) {
    if (at != pods_.end()) erase(at);
    if (same) changes.emplace_back(Gone{.id = pod.instance->key.id});
    return;
  }
  changes.emplace_back(Upsert{take(std::move(pod))->pod});
}

}  // namespace rollcall::kubernetes
