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
  if (!inserted) merge(at->second, note);
}

void TouchBook::gone(const std::string& id) {
  noted_.erase(id);
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
  for (auto& [id, note] : std::exchange(reading_, {})) {
    if (!note.valid) continue;
    // What was noted while it was read is newer than the reading.
    const auto [at, inserted] = noted_.try_emplace(id, note);
    if (!inserted) at->second.ended_at = std::max(at->second.ended_at, note.ended_at);
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
