// The lists of an instance: sorted, each entry once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/deduplicate.hpp"

namespace rollcall {

/// Completes a list of an instance. It takes no more memory than it needs, because an instance is
/// made once and kept for long.
template <class T>
void complete_list(std::vector<T>& list) {
  sort_and_deduplicate(list);
  list.shrink_to_fit();
}

/// Does not keep the problems sorted: for decoders, which complete the lists at their end.
inline void add_problem(Instance& instance, std::string_view where, std::string what) {
  instance.problems.push_back({.where = std::string(where), .what = std::move(what)});
}

}  // namespace rollcall
