// Which instances there are: lists, and readings of some.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/incus/session.hpp"
#include "backends/incus/workers.hpp"

namespace rollcall::incus {

namespace {

// To ask for one instance costs the server as much as six in a list.
constexpr std::size_t few = 4;
constexpr std::size_t price_of_one = 6;

}  // namespace

std::pair<std::string, std::string> split_id(std::string_view id) {
  const std::size_t slash = id.rfind('/');
  if (slash == std::string_view::npos) return {"default", std::string(id)};
  return {std::string(id.substr(0, slash)), std::string(id.substr(slash + 1))};
}

Api::Sink IncusSession::into(Drafts& drafts) {
  return [this, &drafts, now = setup_->env->now()](std::string_view item) -> Result<void> {
    auto decoded = decoder_.instance(item, now);
    if (!decoded) return fail(std::move(decoded.error()));
    auto taken = drafts.budget.take(decoded->instance);
    if (!taken) return taken;
    std::string id = decoded->instance.key.id;
    drafts.all.insert_or_assign(std::move(id), Draft{.decoded = std::move(*decoded)});
    return {};
  };
}

/// The lists of the projects; of all together, if there are none.
Task<void> IncusSession::fetch_lists(std::set<std::string, std::less<>> projects, Drafts& drafts) {
  if (projects.empty()) projects.insert(std::string());
  for (const std::string& project : projects) {
    auto trouble = co_await api_->instances(project, into(drafts));
    if (!trouble) co_return fail(std::move(trouble.error()));
    if (!*trouble) continue;
    auto listed = co_await fetch_one_by_one(project, std::move(**trouble), drafts);
    if (!listed) co_return fail(std::move(listed.error()));
  }
  co_return Result<void>();
}

/// One instance that the server fails over must not hide the others of its list.
Task<void> IncusSession::fetch_one_by_one(std::string project, RuntimeError trouble,
                                          Drafts& drafts) {
  auto names = co_await api_->instance_names(std::move(project));
  if (!names) co_return fail(std::move(names.error()));
  if (!*names) co_return fail(std::move(trouble));
  const std::function work = [&](std::size_t at) {
    return fetch_one(id_of((**names)[at].project, (**names)[at].name), ListTells::nothing, drafts);
  };
  co_return co_await for_each_of((*names)->size(), work);
}

/// What it fails over when it is asked for one, the server may tell in its list.
Task<bool> IncusSession::fetch_of_list(std::string id, Drafts& drafts) {
  Drafts listed(*api_);
  auto trouble = co_await api_->instances(split_id(id).first, into(listed));
  if (!trouble) co_return fail(std::move(trouble.error()));
  const auto found = *trouble ? listed.all.end() : listed.all.find(id);
  if (found == listed.all.end()) co_return false;
  auto taken = drafts.budget.take(found->second.decoded.instance);
  if (!taken) co_return fail(std::move(taken.error()));
  drafts.all.insert_or_assign(std::move(id), std::move(found->second));
  co_return true;
}

Task<void> IncusSession::fetch_one(std::string id, ListTells list, Drafts& drafts) {
  const auto [project, name] = split_id(id);
  auto answer = co_await api_->instance(project, name, into(drafts));
  if (!answer) co_return fail(std::move(answer.error()));
  if (!answer->trouble) co_return Result<void>();
  if (list == ListTells::all) {
    auto told = co_await fetch_of_list(id, drafts);
    if (!told) co_return fail(std::move(told.error()));
    if (*told) co_return Result<void>();
  }
  DecodedInstance untold =
      decoder_.untold(project, name, std::move(*answer->trouble), setup_->env->now());
  auto taken = drafts.budget.take(untold.instance);
  drafts.all.insert_or_assign(std::move(id), Draft{.decoded = std::move(untold), .settled = false});
  co_return taken;
}

Task<void> IncusSession::fetch_each(std::vector<std::string> ids, Drafts& drafts) {
  const std::function work = [&](std::size_t at) {
    return fetch_one(ids[at], ListTells::all, drafts);
  };
  co_return co_await for_each_of(ids.size(), work);
}

Task<void> IncusSession::fetch_touched(std::vector<std::string> ids, Drafts& drafts) {
  if (ids.size() <= few || ids.size() * price_of_one <= listed_) {
    co_return co_await fetch_each(std::move(ids), drafts);
  }
  std::set<std::string, std::less<>> projects;
  if (!projects_.empty()) {
    for (const std::string& id : ids) projects.insert(split_id(id).first);
  }
  auto listed = co_await fetch_lists(std::move(projects), drafts);
  if (!listed) co_return fail(std::move(listed.error()));
  std::ranges::sort(ids);
  std::erase_if(drafts.all,
                [&](const auto& draft) { return !std::ranges::binary_search(ids, draft.first); });
  co_return Result<void>();
}

}  // namespace rollcall::incus
