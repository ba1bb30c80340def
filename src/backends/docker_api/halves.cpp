#include "backends/docker_api/halves.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>

#include "core/budgets.hpp"

namespace rollcall::docker_api {
namespace {

constexpr std::size_t ids_of_request = 100;  // as many as its target has room for

using Ids = std::vector<std::string>;

std::deque<Ids> groups_of(Ids ids, const Failed& known) {
  const auto known_ones =
      std::ranges::partition(ids, [&known](const std::string& id) { return !known.contains(id); });
  std::deque<Ids> groups;
  for (auto at = ids.begin(); at != known_ones.begin();) {
    const auto left = static_cast<std::size_t>(known_ones.begin() - at);
    const auto end = std::next(at, static_cast<std::ptrdiff_t>(std::min(left, ids_of_request)));
    groups.emplace_back(std::make_move_iterator(at), std::make_move_iterator(end));
    at = end;
  }
  for (std::string& id : known_ones) groups.push_back({std::move(id)});
  return groups;
}

void add_halves(Ids ids, std::deque<Ids>& groups) {
  const auto middle = std::next(ids.begin(), static_cast<std::ptrdiff_t>(ids.size() / 2));
  groups.emplace_back(std::make_move_iterator(middle), std::make_move_iterator(ids.end()));
  ids.erase(middle, ids.end());
  groups.push_back(std::move(ids));
}

}  // namespace

Task<Failed> ask_in_halves(Ids ids, Failed known, AskForIds ask) {
  std::deque<Ids> groups = groups_of(std::move(ids), known);
  Failed failed;
  std::size_t failures = 0;
  RuntimeError last;
  while (!groups.empty()) {
    Ids group = std::move(groups.front());
    groups.pop_front();
    if (failures < budget::split_requests) {
      auto answer = co_await ask(group);
      if (!answer) co_return fail(std::move(answer.error()));
      if (!answer->trouble) continue;
      ++failures;
      last = std::move(*answer->trouble);
      if (group.size() > 1) {
        add_halves(std::move(group), groups);
        continue;
      }
    }
    for (const std::string& id : group) {
      const auto before = known.find(id);
      failed.emplace(id, before == known.end() ? last : before->second);
    }
  }
  co_return failed;
}

}  // namespace rollcall::docker_api
