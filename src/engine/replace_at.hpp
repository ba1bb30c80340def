// Sets of what holds its own key.
#pragma once

#include <iterator>
#include <utility>

namespace rollcall {

/// Puts the value in the place of the one at `at`, to which it is equal for the set; without a
/// search, and in the same memory.
template <class Set>
void replace_at(Set& set, typename Set::iterator at, typename Set::value_type value) {
  const auto next = std::next(at);
  auto node = set.extract(at);
  node.value() = std::move(value);
  set.insert(next, std::move(node));
}

}  // namespace rollcall
