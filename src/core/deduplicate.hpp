// Lists as sets.
#pragma once

#include <algorithm>
#include <vector>

namespace rollcall {

template <class T>
void sort_and_deduplicate(std::vector<T>& list) {
  std::ranges::sort(list);
  const auto again = std::ranges::unique(list);
  list.erase(again.begin(), again.end());
}

}  // namespace rollcall
