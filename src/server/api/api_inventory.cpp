// The routes of the inventory: the list, one instance, the changes, and explanations.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/json/json.hpp"
#include "core/json/json_text.hpp"
#include "core/reach/explanation.hpp"
#include "core/text/text.hpp"
#include "server/api/api.hpp"
#include "server/api/event_stream.hpp"
#include "server/http/accept.hpp"
#include "server/http/problem.hpp"

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

/// A version of the inventory; the list, its parts and its compressed form share its ETag.
struct Version {
  Cursor cursor;
  std::uint64_t revision = 0;  ///< View::revision, for answers that show it.

  [[nodiscard]] std::string tag() const {
    return fmt::format("W/\"{}.{}\"", to_string(cursor), revision);
  }
};

void add_version(Reply& reply, const Version& version) {
  reply.headers.emplace_back("ETag", version.tag());
  reply.headers.emplace_back(cursor_header, to_string(version.cursor));
  reply.headers.emplace_back("Cache-Control", "no-cache");  // may be kept, but must be revalidated
}

/// 304 if the client has this version.
std::optional<Reply> unchanged(const Request& request, const Version& version) {
  if (!names_tag(request.header("if-none-match"), version.tag())) return std::nullopt;
  Reply reply{.status = 304};
  add_version(reply, version);
  return reply;
}

/// Whether an engine that was never listed may turn out to be `asked`. Without a known endpoint it
/// may have any, and Podman may answer at an endpoint of Docker.
bool may_be(const Origin& unknown, const Origin& asked) {
  if (!unknown.endpoint.empty()) return unknown.endpoint == asked.endpoint;
  const auto speaks_docker = [](const Origin& origin) {
    return origin.backend == "docker" || origin.backend == "podman";
  };
  return unknown.backend == asked.backend || unknown.backend == "auto" ||
         (speaks_docker(unknown) && speaks_docker(asked));
}

Reply json_reply(const json::value& value) {
  return text_reply(json_type, serialized(value) + "\n");
}

Reply gone(const LogGap& gap) {
  return problem(410, describe(gap),
                 {{"reason", to_string(gap.reason)},
                  {"oldest", to_string(gap.oldest)},
                  {"newest", to_string(gap.newest)},
                  {"missed", gap.missed}});
}

constexpr std::string_view group = "Inventory";

}  // namespace

void Api::add_inventory_routes() {
  add({.path = "/v1/instances",
       .name = "listInstances",
       .group = group,
       .summary = "All that runs now",
       .description =
           "Filters of one name are alternatives, those of different names must all "
           "hold. The cursor, in the body and in the header `Rollcall-Cursor`, is where "
           "`/v1/events` goes on without a gap. `stale` names the engines that cannot be "
           "watched for now: what they run may be old, or not known at all (`never`, `dropped`). "
           "`complete` is false while there are such: what is not listed may run all the same.",
       .parameters = list_parameters(),
       .problems = {400, 503},
       .schema = "InstanceList"},
      &Api::list);
  add({.path = "/v1/instances/{runtime}/{endpoint}/{id}",
       .name = "getInstance",
       .group = group,
       .summary = "One of them",
       .description = "503 if its engine was not listed: then it may run all the same.",
       .parameters = key_parameters(),
       .problems = {404, 503},
       .schema = "Instance"},
      &Api::one);
  add_change_routes();
}

void Api::add_change_routes() {
  add({.path = "/v1/events",
       .name = "watchEvents",
       .group = group,
       .summary = "Every change, as it comes",
       .description =
           "Server-Sent Events, or JSON Lines for who accepts application/x-ndjson. An instance "
           "that leaves the filters is told once more. A heartbeat carries the cursor, too: in SSE "
           "a comment and an id, in JSON Lines {\"type\":\"bookmark\"}. While it is not known what "
           "some engine runs, a `bookmark` with \"complete\":false says so, and one with true the "
           "end of that. Who reads too slowly gets "
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
       .problems = {404, 503}},
      &Api::explanation);
}

Reply Api::list(const Question& question) {
  const auto selection = Selection::of(question);
  if (!selection) return problem(400, selection.error());
  const auto fields = Fields::of(question);
  if (!fields) return problem(400, fields.error());
  const ViewPtr view = hub_.view();
  const Version version{.cursor = view->cursor, .revision = view->revision};
  if (auto same = unchanged(question.request, version)) return std::move(*same);
  if (!selection->empty() || !fields->empty()) {
    Reply reply = shared_reply(question, version.tag(), [&](std::size_t most) {
      return list_text(*view, *selection, *fields, most);
    });
    if (reply.status != 200) return reply;
    add_version(reply, version);
    return reply;
  }
  Reply reply{.type = std::string(json_type)};
  add_version(reply, version);
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  const bool zipped = accepts_gzip(question.request.header("accept-encoding"));
  if (zipped) reply.headers.emplace_back("Content-Encoding", "gzip");
  HeldText text = zipped ? list_texts_.gzipped(view) : list_texts_.plain(view);
  if (!text.text) return too_much_is_read();
  reply.body = std::move(text.text);
  reply.given_up = std::move(text.given_up);
  return reply;
}

InstancePtr Api::find(const Question& question) const {
  return hub_.find({.backend = question.in_path("runtime"),
                    .endpoint = question.in_path("endpoint"),
                    .id = question.in_path("id")});
}

/// Whether an engine whose instances are unknown may be the one that the path names.
bool Api::may_run(const Question& question) const {
  const Origin asked{.backend = question.in_path("runtime"),
                     .endpoint = question.in_path("endpoint")};
  return std::ranges::any_of(hub_.unknown().list(), [&asked](const UnknownEngine& engine) {
    return may_be(*engine.origin, asked);
  });
}

Reply Api::no_instance(const Question& question) const {
  if (!may_run(question)) {
    return problem(404,
                   "there is no such instance: it has stopped, or its key is written otherwise "
                   "(/v1/instances tells all keys)");
  }
  Reply reply = problem(503,
                        "it is not known whether there is such an instance: its engine has not "
                        "been listed (/v1/instances names it under `stale`)");
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

Reply Api::one(const Question& question) {
  const InstancePtr instance = find(question);
  if (!instance) return no_instance(question);
  const Version version{.cursor = hub_.cursor(), .revision = hub_.unknown().revision()};
  if (auto same = unchanged(question.request, version)) return std::move(*same);
  Reply reply = text_reply(json_type, json_text(*instance) + "\n");
  add_version(reply, version);
  return reply;
}

Reply Api::events(const Question& question) {
  auto selection = Selection::of(question);
  if (!selection) return problem(400, selection.error());
  const auto type = preferred(question.request.header("accept"), event_types);
  if (!type) {
    return problem(406, "changes come as text/event-stream or as application/x-ndjson");
  }
  const bool trusted = question.client.trusted;
  const std::size_t subscribers =
      trusted ? stats_.trusted_subscribers : stats_.subscribers - stats_.trusted_subscribers;
  if (subscribers >= options_.limits.subscribers) {
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
      std::move(*selection), change_texts_, answers_, hub_, options_.limits, stats_, trusted);
  return reply;
}

bool Api::all_known() const {
  return hub_.unknown().complete() &&
         std::ranges::none_of(hub_.sources(), [](const SourceStatus& source) {
           return source.synced_once && source.state != SourceState::ready;
         });
}

Reply Api::explanation(const Question& question) {
  const InstancePtr instance = find(question);
  if (!instance) return no_instance(question);
  Explanation explanation = explain(instance, hub_.view()->instances);
  explanation.label_is_partial = !all_known();
  return json_reply(to_json(explanation));
}

}  // namespace rollcall::server
