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

template <class T>
struct Entry {
  std::uint64_t head = 0;  // the next bytes of the text
  std::string_view text;
  T value;
};

inline std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof(head); ++i) {
    head = head << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return head;
}

/// How many bytes all have in common, of which they have `known` in any case.
template <class T>
std::size_t common_prefix(std::span<const Entry<T>> all, std::size_t known) {
  std::string_view common = all.front().text;
  for (const Entry<T>& entry : all) {
    if (common.size() == known) break;
    const auto end = std::ranges::mismatch(common.substr(known), entry.text.substr(known)).in1;
    common = {common.begin(), end};
  }
  return common.size();
}

template <class T, class Before>
void sort(std::span<Entry<T>> all, std::size_t known, Before before) {
  constexpr std::size_t few = 16;
  const auto by_all = [&before](const Entry<T>& a, const Entry<T>& b) {
    const auto order = a.text <=> b.text;
    return order != 0 ? order < 0 : before(a.value, b.value);
  };
  if (all.size() < few) {
    std::ranges::sort(all, by_all);
    return;
  }
  known = common_prefix<T>(all, known);
  for (Entry<T>& entry : all) entry.head = head_of(entry.text.substr(known));
  std::ranges::sort(all, {}, &Entry<T>::head);
  for (auto from = all.begin(); from != all.end();) {
    const std::uint64_t head = from->head;
    const auto to = std::find_if(from, all.end(), [head](const auto& e) { return e.head != head; });
    const bool may_be_ended = (head & 0xFFU) == 0;
    if (may_be_ended) {
      std::sort(from, to, by_all);
    } else {
      sort(std::span(from, to), known + sizeof(head), before);
    }
    from = to;
  }
}

}  // namespace sort_by_text_detail

/// Sorts by the text of each, byte by byte, and by `before` where that is the same. The texts are
/// read a few times, however many there are. `text_of` returns a view that lives as long as the
/// element, wherever it is moved.
template <class T, class TextOf, class Before>
void sort_by_text(std::vector<T>& all, TextOf text_of, Before before) {
  if (all.empty()) return;
  std::vector<sort_by_text_detail::Entry<T>> entries;
  entries.reserve(all.size());
  for (T& value : all) {
    const std::string_view text = text_of(std::as_const(value));
    entries.push_back({.head = 0, .text = text, .value = std::move(value)});
  }
  sort_by_text_detail::sort(std::span(entries), 0, before);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::move(entries[i].value);
}

template <class T, class TextOf>
void sort_by_text(std::vector<T>& all, TextOf text_of) {
  sort_by_text(all, text_of, [](const T&, const T&) { return false; });
}

}  // namespace rollcall
