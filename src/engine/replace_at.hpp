// For sets whose elements hold their own key.
#pragma once

#include <iterator>
#include <utility>

namespace rollcall {

/// Replaces the element at `at` by one with the same key, without a search and in the same node.
template <class Set>
void replace_at(Set& set, typename Set::iterator at, typename Set::value_type value) {
  const auto next = std::next(at);
  auto node = set.extract(at);
  node.value() = std::move(value);
  set.insert(next, std::move(node));
}

}  // namespace rollcall
