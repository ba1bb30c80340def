#include "engine/merger.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/overloaded.hpp"
#include "engine/merged_sets.hpp"

namespace rollcall {

using namespace merged_sets;

namespace {

constexpr std::size_t digits_of_a_random_id = 64;
constexpr std::size_t dropped_at_once = 4096;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

bool has_unique_id(const Instance& instance) noexcept {
  return instance.kind == InstanceKind::container &&
         instance.key.id.size() == digits_of_a_random_id &&
         std::ranges::all_of(instance.key.id, is_hex);
}

std::vector<MergedEvent> Merger::take(SourceId id, RuntimeEvent event, Monotonic now) {
  Entry& source = *sources_.try_emplace(id).first;
  std::visit(Overloaded{
                 [&](Started& e) { put(source, std::move(e.instance), true, e.cause); },
                 [&](Updated& e) { put(source, std::move(e.instance), false, e.cause); },
                 [&](const Stopped& e) { stop(source, e, now); },
                 [&](BackendDisconnected& e) {
                   disconnect(source.second, e, now);
                   tell(source, std::move(e));
                 },
                 [&](BackendReconnected& e) {
                   reconnect(source);
                   tell(source, std::move(e));
                 },
             },
             event);
  return told();
}

void Merger::put(Entry& source, InstancePtr instance, bool started, Cause cause) {
  Source& its = source.second;
  const auto known = its.shown.find(std::string_view(instance->key.id));
  if (known != its.shown.end()) {
    InstancePtr before = *known;
    instance = contest(source, std::move(instance));
    replace(its.shown, instance);
    return started ? tell(source, Started{std::move(instance), cause}, std::move(before))
                   : tell(source, Updated{std::move(instance), cause}, std::move(before));
  }
  // An instance that another source shows, or whose source is dropped, is only kept as hidden.
  Entry* const shower = who_shows(*instance, source);
  if (shower != nullptr) wonder(source, *shower);
  const bool hidden = its.hidden.contains(std::string_view(instance->key.id));
  if (its.dropped || (shower != nullptr && !silent(*shower)) || (hidden && !started)) {
    return replace(its.hidden, std::move(instance));
  }
  take_out(its.hidden, instance->key.id);
  if (shower != nullptr) {
    hide(*shower, *shower->second.shown.find(std::string_view(instance->key.id)));
    cause = Cause::resync;
  }
  show(source, std::move(instance), cause);
}

/// Whether another path to its engine may take over the instances that it shows.
bool Merger::silent(const Entry& source) {
  return source.second.disconnected && source.second.handed_over;
}

void Merger::stop(Entry& source, const Stopped& stopped, Monotonic now) {
  Source& its = source.second;
  if (take_out(its.hidden, stopped.id)) return;
  const InstancePtr last = take_shown(source, stopped.id);
  if (!last) return;
  tell(source, Stopped{stopped.id, last->name, last, stopped.cause});
  if (has_unique_id(*last) && who_else_has(*last, source) != nullptr) {
    ended_[{last->key.backend, stopped.id}] = now + options_.end_within;
  }
}

void Merger::disconnect(Source& source, const BackendDisconnected& event, Monotonic now) {
  source.disconnected = now;
  source.back = {event.backend, event.endpoint};
  source.handed_over = false;
}

/// All differences of the new list came before this, so every instance still hidden exists.
void Merger::reconnect(Entry& source) {
  Source& its = source.second;
  its.disconnected.reset();
  its.dropped = false;
  its.lost = false;
  const std::vector<InstancePtr> kept(its.hidden.begin(), its.hidden.end());
  for (const InstancePtr& instance : kept) {
    Entry* const shower = who_shows(*instance, source);
    if (shower != nullptr && !silent(*shower)) continue;
    if (shower != nullptr)
      hide(*shower, *shower->second.shown.find(std::string_view(instance->key.id)));
    take_out(its.hidden, instance->key.id);
    show(source, instance, Cause::resync);
  }
  sort(out_);
}

void Merger::show(Entry& source, InstancePtr instance, Cause cause) {
  ended_.erase({instance->key.backend, instance->key.id});
  instance = contest(source, std::move(instance));
  source.second.shown.insert(instance);
  tell(source, Started{std::move(instance), cause});
}

void Merger::hide(Entry& source, InstancePtr instance) {
  const auto told = source.second.contested.find(instance->key.id);
  InstancePtr kept = told != source.second.contested.end() ? told->second : instance;
  take_shown(source, instance->key.id);
  source.second.hidden.insert(std::move(kept));
  tell(source, Stopped{instance->key.id, instance->name, instance, Cause::resync});
}

/// Hands the instances that the source shows to another connected path to the engine.
void Merger::hand_over(Entry& source) {
  source.second.handed_over = true;
  const std::vector<InstancePtr> all(source.second.shown.begin(), source.second.shown.end());
  for (const InstancePtr& instance : all) {
    Entry* const other = who_else_has(*instance, source);
    if (other == nullptr || other->second.disconnected) continue;
    hide(source, instance);
    show(*other, take_out(other->second.hidden, instance->key.id), Cause::resync);
  }
}

/// Drops a source, `dropped_at_once` instances in each call.
void Merger::drop(Entry& source) {
  Source& its = source.second;
  if (!std::exchange(its.dropped, true)) {
    hand_over(source);
    // A source that had no instances is lost as well: it may run some by now.
    its.lost = !its.shown.empty() || its.hidden.empty();
  }
  for (std::size_t i = 0; i < dropped_at_once && !its.shown.empty(); ++i) {
    hide(source, *its.shown.begin());
  }
}

std::vector<MergedEvent> Merger::remove(SourceId id) {
  const auto at = sources_.find(id);
  if (at == sources_.end()) return {};
  const std::vector<InstancePtr> all(at->second.shown.begin(), at->second.shown.end());
  for (const InstancePtr& instance : all) {
    hide(*at, instance);
    Entry* const other = who_else_has(*instance, *at);
    if (other == nullptr) continue;
    show(*other, take_out(other->second.hidden, instance->key.id), Cause::resync);
  }
  sort(out_);
  if (at->second.disconnected) tell(*at, at->second.back);
  sources_.erase(at);
  return told();
}

std::optional<Monotonic> Merger::due() const {
  std::optional<Monotonic> first;
  const auto note = [&first](Monotonic at) {
    if (!first || at < *first) first = at;
  };
  for (const auto& [id, source] : sources_) {
    if (!source.disconnected) continue;
    if (!source.handed_over && sources_.size() > 1) {
      note(*source.disconnected + options_.hand_over_after);
    }
    if (options_.grace && (!source.dropped || !source.shown.empty())) {
      note(*source.disconnected + *options_.grace);
    }
  }
  for (const auto& [name, until] : ended_) note(until);
  return first;
}

std::vector<MergedEvent> Merger::advance(Monotonic now) {
  for (Entry& source : sources_) {
    Source& its = source.second;
    if (!its.disconnected) continue;
    const Duration away = now - *its.disconnected;
    if (!its.handed_over && away >= options_.hand_over_after) hand_over(source);
    const bool dropping = !its.dropped || !its.shown.empty();
    if (options_.grace && dropping && away >= *options_.grace) drop(source);
  }
  settle_ends(now);
  sort(out_);
  return told();
}

/// Shows an instance again that one path reported as ended and another path still has.
void Merger::settle_ends(Monotonic now) {
  std::vector<Name> over;
  for (const auto& [name, until] : ended_) {
    if (until <= now) over.push_back(name);
  }
  for (const Name& name : over) {
    ended_.erase(name);
    show_what_ended_elsewhere(name);
  }
}

void Merger::show_what_ended_elsewhere(const Name& name) {
  for (Entry& source : sources_) {
    // A disconnected source shows it on its return, if it still exists.
    if (source.second.disconnected) continue;
    const auto at = source.second.hidden.find(std::string_view(name.second));
    if (at == source.second.hidden.end() || (*at)->key.backend != name.first) continue;
    if (who_shows(**at, source) != nullptr) continue;
    show(source, take_out(source.second.hidden, name.second), Cause::resync);
  }
}

Merger::Entry* Merger::who_shows(const Instance& instance, const Entry& but) {
  if (!has_unique_id(instance)) return nullptr;
  for (Entry& source : sources_) {
    if (source.first == but.first || relation(source.second, but.second) == Relation::different) {
      continue;
    }
    const auto at = source.second.shown.find(std::string_view(instance.key.id));
    if (at != source.second.shown.end() && same_instance(**at, instance)) return &source;
  }
  return nullptr;
}

/// Another source that has the instance too, preferably a connected one; null if there is none.
Merger::Entry* Merger::who_else_has(const Instance& instance, const Entry& but) {
  Entry* found = nullptr;
  if (!has_unique_id(instance)) return found;
  for (Entry& source : sources_) {
    if (source.first == but.first || source.second.dropped ||
        relation(source.second, but.second) == Relation::different) {
      continue;
    }
    const auto at = source.second.hidden.find(std::string_view(instance.key.id));
    if (at == source.second.hidden.end() || !same_instance(**at, instance)) continue;
    if (!source.second.disconnected) return &source;
    if (found == nullptr) found = &source;
  }
  return found;
}

void Merger::tell(const Entry& source, RuntimeEvent event, InstancePtr before) {
  out_.push_back({.source = source.first, .event = std::move(event), .before = std::move(before)});
}

std::vector<MergedEvent> Merger::told() {
  return std::exchange(out_, {});
}

InstancePtr Merger::find(const InstanceKey& key) const {
  for (const auto& [id, source] : sources_) {
    const auto at = source.shown.find(std::string_view(key.id));
    if (at != source.shown.end() && (*at)->key == key) return *at;
  }
  return nullptr;
}

std::vector<InstancePtr> Merger::list() const {
  std::vector<InstancePtr> all;
  std::size_t size = 0;
  for (const auto& [id, source] : sources_) size += source.shown.size();
  all.reserve(size);
  for (const auto& [id, source] : sources_) {
    all.insert(all.end(), source.shown.begin(), source.shown.end());
  }
  const auto key = [](const InstancePtr& i) -> const InstanceKey& { return i->key; };
  if (!std::ranges::is_sorted(all, {}, key)) std::ranges::sort(all, {}, key);
  return all;
}

std::size_t Merger::shown(SourceId id) const {
  const auto at = sources_.find(id);
  return at == sources_.end() ? 0 : at->second.shown.size();
}

std::size_t Merger::hidden(SourceId id) const {
  const auto at = sources_.find(id);
  return at == sources_.end() ? 0 : at->second.hidden.size();
}

bool Merger::dropped(SourceId id) const {
  const auto at = sources_.find(id);
  return at != sources_.end() && at->second.dropped;
}

bool Merger::lost(SourceId id) const {
  const auto at = sources_.find(id);
  return at != sources_.end() && at->second.lost;
}

}  // namespace rollcall
