#include "core/change_queue.hpp"

#include <algorithm>

#include "core/memory_of.hpp"
#include "core/overloaded.hpp"

namespace rollcall {
namespace {

constexpr std::size_t of_an_entry = sizeof(Change) + 128;  // with its nodes

/// The memory that a kept change takes; constant while it is kept.
std::size_t cost_of(const Change& change) noexcept {
  if (const auto* touched = std::get_if<Touched>(&change)) return of_an_entry + touched->id.size();
  if (const auto* gone = std::get_if<Gone>(&change)) return of_an_entry + gone->id.size();
  const auto* upsert = std::get_if<Upsert>(&change);
  return of_an_entry + (upsert != nullptr ? memory_of(*upsert->instance) : 0);
}

}  // namespace

ChangeQueue::Key ChangeQueue::key_of(const Change& change) noexcept {
  return std::visit(Overloaded{
                        [](const Touched& c) -> Key {
                          const Slot slot = c.mark == RunMark::began   ? Slot::began
                                            : c.mark == RunMark::ended ? Slot::ended
                                                                       : Slot::changed;
                          return {c.id, slot};
                        },
                        [](const Upsert& c) -> Key { return {c.instance->key.id, Slot::upsert}; },
                        [](const Gone& c) -> Key { return {c.id, Slot::gone}; },
                        [](const ResyncNeeded&) -> Key { return {{}, Slot::resync}; },
                        [](const StreamEnded&) -> Key { return {{}, Slot::end}; },
                    },
                    change);
}

void ChangeQueue::forget(std::string_view id, Slot slot) noexcept {
  const auto at = by_key_.find(Key(id, slot));
  if (at == by_key_.end()) return;
  const auto entry = at->second;
  by_key_.erase(at);
  erase(entry);
}

void ChangeQueue::erase(Order::iterator entry) noexcept {
  bytes_ -= cost_of(*entry);
  order_.erase(entry);
}

/// Forgets the changes that a removal supersedes. One that is later than the removal, as after a
/// clock was set, stays.
void ChangeQueue::forget_what_ends_with(const Gone& gone) noexcept {
  forget(gone.id, Slot::upsert);
  for (const Slot slot : {Slot::changed, Slot::began, Slot::ended}) {
    const auto at = by_key_.find(Key(gone.id, slot));
    if (at == by_key_.end()) continue;
    const Timestamp touched_at = std::get<Touched>(*at->second).at;
    if (gone.final() || touched_at <= gone.at) forget(gone.id, slot);
  }
}

void ChangeQueue::push(Change change) {
  Order added;
  added.push_back(std::move(change));
  const auto entry = added.begin();
  if (const auto* gone = std::get_if<Gone>(&*entry)) forget_what_ends_with(*gone);
  const auto at = by_key_.find(key_of(*entry));
  if (at != by_key_.end()) {
    const auto before = at->second;
    auto* const touched = std::get_if<Touched>(&*entry);
    if (touched != nullptr) touched->at = std::max(touched->at, std::get<Touched>(*before).at);
    // The old key views the entry that is about to be erased.
    auto node = by_key_.extract(at);
    node.key() = key_of(*entry);
    node.mapped() = entry;
    by_key_.insert(std::move(node));
    erase(before);
  } else {
    by_key_.emplace(key_of(*entry), entry);
  }
  bytes_ += cost_of(*entry);
  order_.splice(order_.end(), added);
}

std::optional<Change> ChangeQueue::pop() {
  if (order_.empty()) return std::nullopt;
  by_key_.erase(key_of(order_.front()));
  bytes_ -= cost_of(order_.front());
  std::optional<Change> change = std::move(order_.front());
  order_.pop_front();
  return change;
}

void ChangeQueue::clear() noexcept {
  by_key_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace rollcall
