#include "engine/merger.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>
#include <utility>

#include "engine/replace_at.hpp"

namespace rollcall {
namespace {

constexpr std::size_t digits_of_a_random_id = 64;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool same_instance(const Instance& a, const Instance& b) {
  return a.key.backend == b.key.backend && a.key.id == b.key.id;
}

int order_of(const RuntimeEvent& event) {
  if (std::holds_alternative<Stopped>(event)) return 0;
  return std::holds_alternative<Updated>(event) ? 1 : 2;
}

/// As one reconciliation sends them.
void sort(std::vector<MergedEvent>& events) {
  std::ranges::sort(events, {}, [](const MergedEvent& merged) {
    return std::tuple<int, const InstanceKey&>(order_of(merged.event), *key_of(merged.event));
  });
}

template <class Set>
InstancePtr take_out(Set& from, std::string_view id) {
  const auto at = from.find(id);
  if (at == from.end()) return nullptr;
  InstancePtr instance = *at;
  from.erase(at);
  return instance;
}

/// Puts it in the place of the one with its id.
template <class Set>
void replace(Set& in, InstancePtr instance) {
  const auto at = in.find(std::string_view(instance->key.id));
  if (at == in.end()) {
    in.insert(std::move(instance));
  } else {
    replace_at(in, at, std::move(instance));
  }
}

}  // namespace

bool has_unique_id(const Instance& instance) noexcept {
  return instance.kind == InstanceKind::container &&
         instance.key.id.size() == digits_of_a_random_id &&
         std::ranges::all_of(instance.key.id, is_hex);
}

void keep_first_of_each(std::vector<InstancePtr>& instances) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::erase_if(instances, [&seen](const InstancePtr& instance) {
    if (!has_unique_id(*instance)) return false;
    return !seen.emplace(instance->key.backend, instance->key.id).second;
  });
}

std::vector<MergedEvent> Merger::take(SourceId id, RuntimeEvent event, Monotonic now) {
  Entry& source = *sources_.try_emplace(id).first;
  std::visit(
      [&]<class Event>(Event& e) {
        if constexpr (std::is_same_v<Event, BackendDisconnected>) {
          disconnect(source.second, e.backend, now);
          tell(source, std::move(e));
        } else if constexpr (std::is_same_v<Event, BackendReconnected>) {
          reconnect(source);
          tell(source, std::move(e));
        } else if constexpr (std::is_same_v<Event, Stopped>) {
          stop(source, e, now);
        } else {
          put(source, std::move(e.instance), std::is_same_v<Event, Started>, e.cause);
        }
      },
      event);
  return told();
}

void Merger::put(Entry& source, InstancePtr instance, bool started, Cause cause) {
  Source& its = source.second;
  const auto known = its.shown.find(std::string_view(instance->key.id));
  if (known != its.shown.end()) {
    InstancePtr before = *known;
    replace(its.shown, instance);
    return started ? tell(source, Started{std::move(instance), cause}, std::move(before))
                   : tell(source, Updated{std::move(instance), cause}, std::move(before));
  }
  // Of one that another shows, and of a source that is dropped, it is only kept.
  Entry* const shower = who_shows(*instance, source);
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

/// Whether another path to its engine may tell on what it shows.
bool Merger::silent(const Entry& source) {
  return source.second.disconnected && source.second.handed_over;
}

void Merger::stop(Entry& source, const Stopped& stopped, Monotonic now) {
  Source& its = source.second;
  if (take_out(its.hidden, stopped.id)) return;
  const InstancePtr last = take_out(its.shown, stopped.id);
  if (!last) return;
  tell(source, Stopped{stopped.id, last->name, last, stopped.cause});
  if (has_unique_id(*last) && who_else_has(*last, source) != nullptr) {
    ended_[{last->key.backend, stopped.id}] = now + options_.end_within;
  }
}

void Merger::disconnect(Source& source, const std::string& backend, Monotonic now) {
  source.disconnected = now;
  source.backend = backend;
  source.handed_over = false;
}

/// All differences of the new list have come before this: what is still hidden is there.
void Merger::reconnect(Entry& source) {
  Source& its = source.second;
  its.disconnected.reset();
  its.dropped = false;
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
  source.second.shown.insert(instance);
  tell(source, Started{std::move(instance), cause});
}

void Merger::hide(Entry& source, InstancePtr instance) {
  source.second.shown.erase(instance);
  source.second.hidden.insert(instance);
  tell(source, Stopped{instance->key.id, instance->name, instance, Cause::resync});
}

/// Another path to the engine tells on what this one has shown.
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

void Merger::drop(Entry& source) {
  hand_over(source);
  source.second.dropped = true;
  const std::vector<InstancePtr> all(source.second.shown.begin(), source.second.shown.end());
  for (const InstancePtr& instance : all) hide(source, instance);
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
  if (at->second.disconnected) tell(*at, BackendReconnected{at->second.backend});
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
    if (options_.grace && !source.dropped) note(*source.disconnected + *options_.grace);
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
    if (options_.grace && !its.dropped && away >= *options_.grace) drop(source);
  }
  settle_ends(now);
  sort(out_);
  return told();
}

/// One path has told an end, and another one still has the instance.
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
    // One that is away shows it on its return, if it is still there.
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
    if (source.first == but.first) continue;
    const auto at = source.second.shown.find(std::string_view(instance.key.id));
    if (at != source.second.shown.end() && same_instance(**at, instance)) return &source;
  }
  return nullptr;
}

/// Another source that has it too: one that is connected, if there is any.
Merger::Entry* Merger::who_else_has(const Instance& instance, const Entry& but) {
  Entry* found = nullptr;
  if (!has_unique_id(instance)) return found;
  for (Entry& source : sources_) {
    if (source.first == but.first || source.second.dropped) continue;
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
  std::ranges::sort(all, {}, [](const InstancePtr& i) -> const InstanceKey& { return i->key; });
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

}  // namespace rollcall
