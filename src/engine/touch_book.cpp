#include "engine/touch_book.hpp"

#include <algorithm>
#include <utility>

namespace rollcall {

void TouchBook::merge(Note& into, const Note& from) {
  into.last = from.last;
  into.ended_at = std::max(into.ended_at, from.ended_at);
}

void TouchBook::note(const Touched& touched) {
  Note note{touched};
  if (touched.mark == RunMark::ended) note.ended_at = touched.at;
  const auto [at, inserted] = noted_.try_emplace(touched.id, note);
  if (inserted) {
    bytes_ += cost_of(touched.id);
  } else {
    merge(at->second, note);
  }
}

std::size_t TouchBook::cost_of(const std::string& id) noexcept {
  constexpr std::size_t of_the_map = 64;
  return sizeof(Note) + of_the_map + 2 * id.size();  // as key, and in the note
}

void TouchBook::gone(const std::string& id) {
  if (noted_.erase(id) > 0) bytes_ -= cost_of(id);
  if (const auto at = reading_.find(id); at != reading_.end()) at->second.valid = false;
}

std::vector<Touched> TouchBook::take(std::size_t most) {
  std::vector<Touched> taken;
  for (auto at = noted_.begin(); at != noted_.end() && taken.size() < most;) {
    if (reading_.contains(at->first)) {
      ++at;
      continue;
    }
    taken.push_back(at->second.last);
    bytes_ -= cost_of(at->first);
    reading_.insert(noted_.extract(at++));
  }
  return taken;
}

TouchBook::Finished TouchBook::finish(const std::string& id) {
  const auto at = reading_.find(id);
  if (at == reading_.end()) return {};
  const Finished finished{at->second.valid, at->second.ended_at};
  reading_.erase(at);
  return finished;
}

void TouchBook::interrupt() {
  while (!reading_.empty()) {
    auto node = reading_.extract(reading_.begin());
    const Note note = node.mapped();
    if (!note.valid) continue;
    const std::size_t cost = cost_of(node.key());
    // Notes made during a reading are newer than the reading.
    const auto put = noted_.insert(std::move(node));
    if (put.inserted) {
      bytes_ += cost;
    } else {
      put.position->second.ended_at = std::max(put.position->second.ended_at, note.ended_at);
    }
  }
}

bool TouchBook::ready() const {
  return std::ranges::any_of(noted_,
                             [this](const auto& entry) { return !reading_.contains(entry.first); });
}

RunEnds TouchBook::ends() const {
  RunEnds ends;
  for (const auto* book : {&reading_, &noted_}) {
    for (const auto& [id, note] : *book) {
      if (note.ended_at && note.valid) ends[id] = std::max(ends[id], *note.ended_at);
    }
  }
  return ends;
}

}  // namespace rollcall
