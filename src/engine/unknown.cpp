#include "engine/unknown.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rollcall {
namespace {

bool same_engine(const UnknownEngine& a, const UnknownEngine& b) {
  return *a.origin == *b.origin && a.why == b.why;
}

}  // namespace

Unknown unknown_of(const SourceStatus& source) noexcept {
  if (source.dropped) return Unknown::dropped;
  if (source.synced_once) return Unknown::no;
  return source.named || !source.absent ? Unknown::never : Unknown::no;
}

std::vector<SourceStatus> awaited(const std::vector<SourceStatus>& sources, Monotonic now,
                                  Duration wait) {
  const auto stands_in_for = [](const SourceStatus& one, const SourceStatus& other) {
    return one.synced_once && one.one_of_several && one.kind == other.kind;
  };
  std::vector<SourceStatus> all;
  std::ranges::copy_if(sources, std::back_inserter(all), [&](const SourceStatus& source) {
    if (!source.named || source.synced_once || now - source.added >= wait) return false;
    return !source.one_of_several || std::ranges::none_of(sources, [&](const SourceStatus& one) {
      return stands_in_for(one, source);
    });
  });
  return all;
}

UnknownEngine unknown_engine(const SourceStatus& source, OriginPtr origin) {
  const Unknown why = unknown_of(source);
  const bool lost = why == Unknown::dropped;
  return {.origin = std::move(origin),
          .since = lost ? source.stale_since.value_or(source.since) : source.added_at,
          .reason = lost ? source.stale_reason : source.reason,
          .named = source.named,
          .why = why};
}

bool UnknownEngines::update(std::vector<UnknownEngine> found, std::uint64_t newest) {
  if (found == list_) return false;
  const bool others = !std::ranges::equal(found, list_, same_engine);
  list_ = std::move(found);
  ++revision_;
  if (others) ++members_;
  if (complete() && std::exchange(told_, false)) told_until_ = newest;
  return others;
}

const std::vector<UnknownEngine>& UnknownEngines::list() const noexcept {
  told_ = told_ || !complete();
  return list_;
}

bool UnknownEngines::was_complete_at(std::uint64_t sequence) const noexcept {
  return complete() && (!told_until_ || sequence > *told_until_);
}

}  // namespace rollcall
