// Which sources lead to one engine, and how instances with the same id on two engines are shown.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engine/merged_sets.hpp"
#include "engine/merger.hpp"

namespace rollcall {

using namespace merged_sets;

namespace {

/// Whether two paths describe the same instance. Fields that change over time may differ, and so
/// may the ports of an instance in the host's network, which are seen from this host alone.
bool told_alike(const Instance& a, const Instance& b) {
  const bool same_ports = a.network_mode == NetworkMode::host || a.ports == b.ports;
  return same_ports && a.name == b.name && a.image == b.image && a.created_at == b.created_at &&
         a.addresses == b.addresses && a.labels == b.labels;
}

/// A copy with a problem that names the other endpoint that lists its id.
InstancePtr with_rival(const Instance& instance, const std::string& endpoint) {
  auto marked = std::make_shared<Instance>(instance);
  marked->problems.push_back(
      {.where = "id",
       .what = "the engine at " + endpoint +
               " lists a container of the same id, and it is not known to be the same engine: one "
               "of them tells of what is not its own"});
  std::ranges::sort(marked->problems);
  return marked;
}

}  // namespace

void keep_first_of_each(std::vector<InstancePtr>& instances) {
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> seen;
  std::vector<InstancePtr> kept;
  std::vector<InstancePtr> replaced;  // keeps the ids alive that `seen` views
  kept.reserve(instances.size());
  for (InstancePtr& instance : instances) {
    if (has_unique_id(*instance)) {
      const auto [at, first] =
          seen.try_emplace({instance->key.backend, instance->key.id}, kept.size());
      if (!first) {
        InstancePtr& before = kept[at->second];
        if (told_alike(*before, *instance)) continue;
        InstancePtr marked = with_rival(*instance, before->key.endpoint);
        replaced.push_back(std::exchange(before, with_rival(*before, instance->key.endpoint)));
        instance = std::move(marked);
      }
    }
    kept.push_back(std::move(instance));
  }
  instances = std::move(kept);
}

Merger::Relation Merger::relation(const Source& a, const Source& b) {
  if (!a.answered || !b.answered) return Relation::undecided;
  return a.engine && a.engine == b.engine ? Relation::same : Relation::different;
}

/// Two sources report the same instance: their engines must be asked for their identity.
void Merger::wonder(Entry& a, Entry& b) {
  for (Entry* source : {&a, &b}) {
    if (!std::exchange(source->second.asked, true)) questions_.insert(source->first);
  }
}

std::set<SourceId> Merger::questions() {
  return std::exchange(questions_, {});
}

std::vector<MergedEvent> Merger::identify(SourceId id, std::optional<std::string> engine) {
  const auto at = sources_.find(id);
  if (at == sources_.end()) return {};
  Source& its = at->second;
  if (engine && engine->empty()) engine.reset();
  its.answered = true;
  its.engine = std::move(engine);
  for (Entry& source : sources_) part(source);
  join(*at);
  sort(out_);
  return told();
}

/// Shows the instances that were hidden in favour of what turned out to be another engine.
void Merger::part(Entry& source) {
  Source& its = source.second;
  if (its.dropped || its.disconnected) return;
  const std::vector<InstancePtr> all(its.hidden.begin(), its.hidden.end());
  for (const InstancePtr& instance : all) {
    if (who_shows(*instance, source) != nullptr) continue;
    if (ended_.contains({instance->key.backend, instance->key.id})) continue;
    take_out(its.hidden, instance->key.id);
    show(source, instance, Cause::resync);
  }
}

/// Hides the instances that another path to the same engine shows.
void Merger::join(Entry& source) {
  const std::vector<InstancePtr> all(source.second.shown.begin(), source.second.shown.end());
  for (const InstancePtr& instance : all) {
    Entry* const other = who_shows(*instance, source);
    if (other == nullptr || relation(source.second, other->second) != Relation::same) continue;
    hide(source, instance);
  }
}

/// The instance as it is shown: if another engine shows its id too, both get a problem.
InstancePtr Merger::contest(Entry& source, InstancePtr instance) {
  if (!has_unique_id(*instance)) return instance;
  const std::string& id = instance->key.id;
  source.second.contested.erase(id);
  for (Entry& other : sources_) {
    if (other.first == source.first ||
        relation(source.second, other.second) != Relation::different) {
      continue;
    }
    const auto at = other.second.shown.find(std::string_view(id));
    if (at == other.second.shown.end() || !same_instance(**at, *instance)) continue;
    source.second.contested.try_emplace(id, instance);
    const std::string endpoint = (*at)->key.endpoint;
    if (!other.second.contested.contains(id)) mark(other, id, instance->key.endpoint);
    return with_rival(*instance, endpoint);
  }
  return instance;
}

void Merger::mark(Entry& source, const std::string& id, const std::string& other_endpoint) {
  Instances& shown = source.second.shown;
  const auto at = shown.find(std::string_view(id));
  InstancePtr before = *at;
  InstancePtr marked = with_rival(*before, other_endpoint);
  source.second.contested.emplace(id, before);
  replace_at(shown, at, marked);
  tell(source, Updated{std::move(marked), Cause::resync}, std::move(before));
}

/// Removes an instance from the shown ones. Another engine's instance with the same id loses its
/// problem, unless a third one contests it.
InstancePtr Merger::take_shown(Entry& source, std::string_view id) {
  InstancePtr last = take_out(source.second.shown, id);
  if (!last || source.second.contested.erase(std::string(id)) == 0) return last;
  for (Entry& other : sources_) {
    const auto told = other.second.contested.find(std::string(id));
    if (told == other.second.contested.end()) continue;
    const auto at = other.second.shown.find(id);
    if (at == other.second.shown.end()) continue;
    InstancePtr before = *at;
    InstancePtr now = contest(other, told->second);
    replace(other.second.shown, now);
    tell(other, Updated{std::move(now), Cause::resync}, std::move(before));
  }
  return last;
}

}  // namespace rollcall
