#include "backends/kubernetes/resource_watch.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace rollcall::kubernetes {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t page = 500;
constexpr auto watch_length = 290s;
constexpr auto margin = 5s;

std::string path_of(Resource resource, std::string_view name_space, SliceApi api) {
  const bool is_slice = resource == Resource::slices && api != SliceApi::endpoints;
  std::string path = "/api/v1";
  if (is_slice) {
    path = fmt::format("/apis/discovery.k8s.io/{}", api == SliceApi::slices_v1 ? "v1" : "v1beta1");
  }
  if (!name_space.empty()) {
    path += fmt::format("/namespaces/{}", encode_query_value(name_space));
  }
  if (is_slice) return path + "/endpointslices";
  if (resource == Resource::slices) return path + "/endpoints";
  return path + (resource == Resource::pods ? "/pods" : "/services");
}

std::string filter_of(const EngineState& engine, Resource resource) {
  std::string filter;
  if (resource != Resource::pods) return filter;
  if (!engine.node.empty()) {
    filter += "&fieldSelector=" + encode_query_value("spec.nodeName=" + engine.node);
  }
  if (!engine.selector.empty()) filter += "&labelSelector=" + encode_query_value(engine.selector);
  return filter;
}

JsonSplitter lines_of_watch() {
  JsonSplitter lines(JsonSplitter::Shape::stream);
  lines.leave_out(unused_keys);
  return lines;
}

}  // namespace

ResourceWatch::ResourceWatch(EngineStatePtr engine, Resource resource, std::string name_space,
                             SliceApi api)
    : engine_(std::move(engine)),
      resource_(resource),
      api_(api),
      path_(path_of(resource, name_space, api)),
      filter_(filter_of(*engine_, resource)) {}

std::string ResourceWatch::target(std::string_view query) const {
  return fmt::format("{}?{}{}", path_, query, filter_);
}

RuntimeError ResourceWatch::placed(RuntimeError error) const {
  if (error.endpoint.empty()) error.endpoint = engine_->url;
  return error;
}

// ---- the list

Task<ResourceWatch::Outcome> ResourceWatch::list(ListTaker& items, Take line) {
  const auto last = engine_->versions.find(path_);
  const std::string version = last == engine_->versions.end() ? "0" : last->second;
  if (engine_->streams_lists && line) {
    version_ = version;
    auto streamed = co_await stream_list(std::move(line));
    if (!streamed && streamed.error().kind == ErrorKind::desynced) {
      co_return co_await list_from_store(items);
    }
    if (!streamed) co_return fail(std::move(streamed.error()));
    if (*streamed && lacks_version(**streamed)) co_return co_await list_from_store(items);
    const unsigned status = *streamed ? (*streamed)->status : 0;
    if (status != 400 && status != 422) co_return streamed;
    engine_->streams_lists = false;  // It does not support them.
  }
  ListHead head;
  const std::string query = "resourceVersion=" + encode_query_value(version);
  auto listed = co_await read_list(query, items, head);
  if (!listed) co_return fail(std::move(listed.error()));
  if (*listed && lacks_version(**listed)) co_return co_await list_from_store(items);
  if (!*listed) advance(std::move(head.version));
  co_return listed;
}

/// Whether the server has that version no more, or not yet.
bool ResourceWatch::lacks_version(const ApiFault& fault) {
  if (fault.is_ahead()) engine_->version_reused = true;
  return fault.is_ahead() || fault.expired();
}

/// Lists from the store, without a lower bound for the version.
Task<ResourceWatch::Outcome> ResourceWatch::list_from_store(ListTaker& items) {
  engine_->versions.erase(path_);
  co_return co_await read_pages(items);
}

/// Reads a streamed list: a watch that begins with all objects. Stops at the end of these.
Task<ResourceWatch::Outcome> ResourceWatch::stream_list(Take line) {
  auto answer = co_await engine_->api.get(
      target(fmt::format("resourceVersion={}&sendInitialEvents=true"
                         "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&watch=1"
                         "&timeoutSeconds={}",
                         encode_query_value(version_), watch_length / 1s)),
      engine_->api.deadlines());
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->fault) co_return std::move(answer->fault);
  JsonSplitter lines = lines_of_watch();
  list_ended_ = false;
  AnswerBudget budget(engine_->url, engine_->limits);
  const auto until_the_end = [&](std::string_view text) {
    return list_ended_ ? Result<void>() : line(text);
  };
  while (!list_ended_) {
    auto bytes = co_await answer->response->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (auto taken = budget.take(bytes->size()); !taken) co_return fail(std::move(taken.error()));
    auto fed = lines.feed(*bytes, until_the_end);
    if (!fed) co_return fail(placed(std::move(fed.error())));
    if (!bytes->empty()) continue;
    if (list_ended_) break;
    co_return fail(placed({.what = "the server ended a list before all was told"}));
  }
  co_return Outcome();
}

Task<ResourceWatch::Outcome> ResourceWatch::read_list(std::string query, ListTaker& items,
                                                      ListHead& head) {
  auto answer = co_await engine_->api.get(target(query), engine_->api.deadlines());
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->fault) co_return std::move(answer->fault);
  AnswerBudget budget(engine_->url, engine_->limits);
  for (;;) {
    auto bytes = co_await answer->response->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (bytes->empty()) break;
    if (auto fits = budget.take(bytes->size()); !fits) co_return fail(std::move(fits.error()));
    auto taken = co_await items.take(*bytes);
    if (!taken) co_return fail(placed(std::move(taken.error())));
  }
  auto found = co_await items.finish();
  if (!found) co_return fail(placed(std::move(found.error())));
  head = std::move(*found);
  co_return Outcome();
}

/// Reads a list from the store, page by page. If the token expires, the server offers one for an
/// inconsistent rest; then the whole list is read at once instead.
Task<ResourceWatch::Outcome> ResourceWatch::read_pages(ListTaker& items) {
  ListHead head;
  do {
    std::string query = fmt::format("limit={}", page);
    if (!head.continue_token.empty()) {
      query += "&continue=" + encode_query_value(head.continue_token);
    }
    auto listed = co_await read_list(std::move(query), items, head);
    if (!listed) co_return fail(std::move(listed.error()));
    if (*listed && (*listed)->expired()) {
      head = {};
      listed = co_await read_list("resourceVersion=", items, head);
      if (!listed) co_return fail(std::move(listed.error()));
    }
    if (*listed) co_return listed;
  } while (!head.continue_token.empty());
  advance(std::move(head.version));
  co_return Outcome();
}

Task<ResourceWatch::Outcome> ResourceWatch::ask() {
  auto answer = co_await engine_->api.get(target("limit=1"), engine_->api.deadlines());
  if (!answer) co_return fail(std::move(answer.error()));
  co_return std::move(answer->fault);
}

// ---- the watch

Task<ResourceWatch::Outcome> ResourceWatch::open() {
  HttpDeadlines deadlines = engine_->api.deadlines();
  deadlines.progress = watch_length + margin;
  auto answer = co_await engine_->api.get(
      target(fmt::format("watch=1&resourceVersion={}&allowWatchBookmarks=true&timeoutSeconds={}",
                         encode_query_value(version_), watch_length / 1s)),
      deadlines);
  if (!answer) co_return fail(std::move(answer.error()));
  watch_ = std::move(answer->response);
  lines_ = lines_of_watch();
  co_return std::move(answer->fault);
}

Task<bool> ResourceWatch::read(Take line) {
  auto bytes = co_await watch_->read_some();
  if (!bytes) {
    const bool quiet = bytes.error().fault == ConnectFault::mute;
    watch_.reset();
    if (quiet) co_return false;
    co_return fail(std::move(bytes.error()));
  }
  auto fed = bytes->empty() ? lines_.finish() : lines_.feed(*bytes, line);
  if (!fed) co_return fail(placed(std::move(fed.error())));
  co_return !bytes->empty();
}

void ResourceWatch::advance(std::string version) {
  if (version.empty()) return;
  version_ = std::move(version);
  engine_->versions.insert_or_assign(path_, version_);
}

bool ResourceWatch::is_repeated(const std::string& version) const {
  return Version::of(version).up_to(Version::of(version_));
}

RuntimeError ResourceWatch::error_in(std::string_view line) {
  Asked asked = asked_by(path_);
  asked.verb = "watch";
  ApiFault fault = read_status(object_of(line), {.url = engine_->url,
                                                 .target = {},
                                                 .asked = std::move(asked),
                                                 .who = {},
                                                 .now = engine_->env->now()});
  if (lacks_version(fault)) fault.error.kind = ErrorKind::desynced;
  return std::move(fault.error);
}

}  // namespace rollcall::kubernetes
