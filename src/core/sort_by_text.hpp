// Sorting many things by a text of theirs, most of which lie far apart in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall {
namespace sort_by_text_detail {

struct Entry {
  std::uint64_t head = 0;  // the next bytes of the text
  std::string_view text;
  std::size_t index = 0;
};

inline std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof(head); ++i) {
    head = head << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return head;
}

/// How many bytes all have in common, of which they have `known` in any case.
inline std::size_t common_prefix(std::span<const Entry> all, std::size_t known) {
  std::string_view common = all.front().text;
  for (const Entry& entry : all) {
    if (common.size() == known) break;
    const auto end = std::ranges::mismatch(common.substr(known), entry.text.substr(known)).in1;
    common = {common.begin(), end};
  }
  return common.size();
}

/// `by_all` orders two entries by everything.
template <class ByAll>
void sort(std::span<Entry> all, std::size_t known, ByAll by_all) {
  constexpr std::size_t few = 16;
  if (all.size() < few) {
    std::ranges::sort(all, by_all);
    return;
  }
  known = common_prefix(all, known);
  for (Entry& entry : all) entry.head = head_of(entry.text.substr(known));
  std::ranges::sort(all, {}, &Entry::head);
  for (auto from = all.begin(); from != all.end();) {
    const std::uint64_t head = from->head;
    const auto to = std::find_if(from, all.end(), [head](const auto& e) { return e.head != head; });
    const bool may_be_ended = (head & 0xFFU) == 0;
    if (may_be_ended) {
      std::sort(from, to, by_all);
    } else {
      sort(std::span(from, to), known + sizeof(head), by_all);
    }
    from = to;
  }
}

}  // namespace sort_by_text_detail

/// Sorts by the text of each, byte by byte, and by `before` where that is the same. The texts are
/// read a few times, however many there are.
template <class T, class TextOf, class Before>
void sort_by_text(std::vector<T>& all, TextOf text_of, Before before) {
  using sort_by_text_detail::Entry;
  const auto precedes = [&](std::string_view text, const T& value, std::string_view other_text,
                            const T& other) {
    const auto order = text <=> other_text;
    return order != 0 ? order < 0 : before(value, other);
  };
  const auto in_order = [&](const T& a, const T& b) {
    return precedes(text_of(a), a, text_of(b), b);
  };
  if (std::ranges::is_sorted(all, in_order)) return;  // as lists of engines often are
  std::vector<Entry> entries;
  entries.reserve(all.size());
  for (const T& value : all) {
    entries.push_back({.head = 0, .text = text_of(value), .index = entries.size()});
  }
  const auto by_all = [&](const Entry& a, const Entry& b) {
    return precedes(a.text, all[a.index], b.text, all[b.index]);
  };
  sort_by_text_detail::sort(std::span(entries), 0, by_all);
  std::vector<T> sorted;
  sorted.reserve(all.size());
  for (const Entry& entry : entries) sorted.push_back(std::move(all[entry.index]));
  all = std::move(sorted);
}

}  // namespace rollcall
