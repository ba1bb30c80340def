// The routes of the inventory: the list, one of it, its changes, and why.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "core/explanation.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "server/accept.hpp"
#include "server/api.hpp"
#include "server/event_stream.hpp"
#include "server/problem.hpp"

namespace rollcall::server {

namespace json = boost::json;

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view cursor_header = "Rollcall-Cursor";
constexpr std::array<std::string_view, 4> event_types = {
    "text/event-stream", "application/x-ndjson", "application/jsonl", "application/json"};

std::vector<Parameter> list_parameters() {
  std::vector<Parameter> parameters = selection_parameters();
  parameters.push_back({.name = "fields",
                        .description = "Only these members of each instance, and its key",
                        .example = "name,state,addresses",
                        .repeatable = true});
  parameters.push_back(
      {.name = "If-None-Match",
       .in = Parameter::In::header,
       .description = "The ETag of an earlier answer: 304 if nothing has changed"});
  return parameters;
}

std::vector<Parameter> event_parameters() {
  std::vector<Parameter> parameters = selection_parameters();
  parameters.push_back({.name = "since",
                        .description = "The cursor after which to begin; absent: now",
                        .example = "1732574400-17"});
  parameters.push_back({.name = "Last-Event-ID",
                        .in = Parameter::In::header,
                        .description = "The same, as clients of SSE send it when they connect "
                                       "again; it beats since"});
  return parameters;
}

std::vector<Parameter> key_parameters() {
  return {{.name = "runtime",
           .in = Parameter::In::path,
           .description = "key.backend of the instance",
           .example = "docker"},
          {.name = "endpoint",
           .in = Parameter::In::path,
           .description = "key.endpoint of the instance, percent-encoded",
           .example = "unix%3A%2F%2F%2Frun%2Fdocker.sock"},
          {.name = "id",
           .in = Parameter::In::path,
           .description = "key.id of the instance, percent-encoded and in full",
           .example = "4f66ad9a0b2e"}};
}

/// One tag for the list, for parts of it and for its compressed form: it tells the version.
std::string tag_of(const Cursor& cursor) {
  return fmt::format("W/\"{}\"", to_string(cursor));
}

void add_version(Reply& reply, const Cursor& cursor) {
  reply.headers.emplace_back("ETag", tag_of(cursor));
  reply.headers.emplace_back(cursor_header, to_string(cursor));
  reply.headers.emplace_back("Cache-Control", "no-cache");  // kept, and asked for again
}

/// 304, if that is what the client has.
std::optional<Reply> unchanged(const Request& request, const Cursor& cursor) {
  if (!names_tag(request.header("if-none-match"), tag_of(cursor))) return std::nullopt;
  Reply reply{.status = 304};
  add_version(reply, cursor);
  return reply;
}

Reply json_reply(const json::value& value) {
  return text_reply(json_type, json::serialize(value) + "\n");
}

Reply no_such_instance() {
  return problem(404,
                 "there is no such instance: it has stopped, or its key is written otherwise "
                 "(/v1/instances tells all keys)");
}

Reply gone(const LogGap& gap) {
  return problem(410, describe(gap),
                 {{"reason", to_string(gap.reason)},
                  {"oldest", to_string(gap.oldest)},
                  {"newest", to_string(gap.newest)},
                  {"missed", gap.missed}});
}

}  // namespace

void Api::add_inventory_routes() {
  constexpr std::string_view group = "Inventory";
  add({.path = "/v1/instances",
       .name = "listInstances",
       .group = group,
       .summary = "All that runs now",
       .description =
           "Filters of one name are alternatives, those of different names must all "
           "hold. The cursor, in the body and in the header `Rollcall-Cursor`, is where "
           "`/v1/events` goes on without a gap. `stale` names the engines that cannot be "
           "watched for now: what they run may be old.",
       .parameters = list_parameters(),
       .problems = {400},
       .schema = "InstanceList"},
      &Api::list);
  add({.path = "/v1/instances/{runtime}/{endpoint}/{id}",
       .name = "getInstance",
       .group = group,
       .summary = "One of them",
       .parameters = key_parameters(),
       .problems = {404},
       .schema = "Instance"},
      &Api::one);
  add({.path = "/v1/events",
       .name = "watchEvents",
       .group = group,
       .summary = "Every change, as it comes",
       .description =
           "Server-Sent Events, or JSON Lines for who accepts application/x-ndjson. An instance "
           "that leaves the filters is told once more. A heartbeat carries the cursor, too: in SSE "
           "a comment and an id, in JSON Lines {\"type\":\"bookmark\"}. Who reads too slowly gets "
           "`lagged` with the number of lost changes, and the stream ends: list again.",
       .parameters = event_parameters(),
       .types = {"text/event-stream", "application/x-ndjson"},
       .problems = {400, 406, 410, 503},
       .schema = "Event"},
      &Api::events);
  add({.path = "/v1/explain/{runtime}/{endpoint}/{id}",
       .name = "explainInstance",
       .group = group,
       .summary = "All that is known of one instance, and why",
       .description = "Where each value comes from, what lost against it, how it can be reached, "
                      "and whether it would be registered.",
       .parameters = key_parameters(),
       .problems = {404}},
      &Api::explanation);
}

Reply Api::list(const Question& question) {
  const auto selection = Selection::of(question);
  if (!selection) return problem(400, selection.error());
  const auto fields = Fields::of(question);
  if (!fields) return problem(400, fields.error());
  const ViewPtr view = hub_.view();
  if (auto same = unchanged(question.request, view->cursor)) return std::move(*same);
  Reply reply{.type = std::string(json_type)};
  add_version(reply, view->cursor);
  if (!selection->empty() || !fields->empty()) {
    reply.body = std::make_shared<const std::string>(list_text(*view, *selection, *fields));
    return reply;
  }
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (accepts_gzip(question.request.header("accept-encoding"))) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.body = list_texts_.gzipped(view);
  } else {
    reply.body = list_texts_.plain(view);
  }
  return reply;
}

InstancePtr Api::find(const Question& question) const {
  return hub_.find({.backend = question.in_path("runtime"),
                    .endpoint = question.in_path("endpoint"),
                    .id = question.in_path("id")});
}

Reply Api::one(const Question& question) {
  const InstancePtr instance = find(question);
  if (!instance) return no_such_instance();
  const Cursor cursor = hub_.cursor();
  if (auto same = unchanged(question.request, cursor)) return std::move(*same);
  Reply reply = text_reply(json_type, json_text(*instance) + "\n");
  add_version(reply, cursor);
  return reply;
}

Reply Api::events(const Question& question) {
  auto selection = Selection::of(question);
  if (!selection) return problem(400, selection.error());
  const auto type = preferred(question.request.header("accept"), event_types);
  if (!type) {
    return problem(406, "changes come as text/event-stream or as application/x-ndjson");
  }
  if (stats_.subscribers >= options_.limits.subscribers) {
    Reply busy = problem(503, "there are too many subscribers: ask again later");
    busy.headers.emplace_back("Retry-After", "5");
    return busy;
  }
  const std::string_view last = question.request.header("last-event-id");
  const std::string_view since = last.empty() ? question.target.find("since").value_or("") : last;
  std::optional<Cursor> cursor;
  if (!since.empty()) {
    cursor = parse_cursor(since);
    if (!cursor) {
      return problem(400, fmt::format("'{}' is no cursor: it is what a list or an event has told",
                                      excerpt(since)));
    }
  }
  auto subscription = hub_.subscribe(cursor);
  if (!subscription) return gone(subscription.error());
  const bool sse = *type == event_types.front();
  Reply reply{.type = sse ? "text/event-stream"
                          : std::string(*type == json_type ? event_types[1] : *type)};
  reply.headers.emplace_back("Cache-Control", "no-store");
  reply.headers.emplace_back("X-Accel-Buffering", "no");  // proxies must not hold events back
  reply.live = std::make_shared<EventStream>(
      executor_, std::move(*subscription), sse ? EventFormat::sse : EventFormat::json_lines,
      std::move(*selection), change_texts_, options_.limits, stats_);
  return reply;
}

bool Api::all_known() const {
  return std::ranges::all_of(hub_.sources(), [](const SourceStatus& source) {
    return source.state == SourceState::ready || (!source.named && !source.synced_once);
  });
}

Reply Api::explanation(const Question& question) {
  const InstancePtr instance = find(question);
  if (!instance) return no_such_instance();
  Explanation explanation = explain(instance, hub_.view()->instances);
  explanation.label_is_partial = !all_known();
  return json_reply(to_json(explanation));
}

}  // namespace rollcall::server
