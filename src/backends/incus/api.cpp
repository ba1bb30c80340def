#include "backends/incus/api.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "backends/incus/answer.hpp"
#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::incus {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t max_small_answer = budget::small_answer_bytes;
constexpr Milliseconds state_limit = 10s;

std::string of_project(std::string_view project, std::string_view prefix) {
  if (project.empty()) return fmt::format("{}all-projects=true", prefix);
  return fmt::format("{}project={}", prefix, encode_query_value(project));
}

std::string path_of(std::string_view project, std::string_view name, std::string_view below) {
  return fmt::format("/1.0/instances/{}{}{}", encode_query_value(name), below,
                     of_project(project, "?"));
}

// Older servers answer 500 and a text where newer ones answer 403 or 404.
bool is_forbidden(unsigned status, std::string_view error) {
  return status == 403 || error.contains("does not have permission");
}
bool is_absent(unsigned status, std::string_view error) {
  return status == 404 || error.contains("Project not found");
}

// The network cannot have forwards, or the server does not support them.
bool has_no_forwards(unsigned status) {
  constexpr std::array<unsigned, 4> words = {400, 403, 404, 501};
  return std::ranges::find(words, status) != words.end();
}

// The server fails over what it was asked for, or over a part of it.
bool is_failure(unsigned status, std::string_view error) {
  return status == 500 && !is_forbidden(status, error) && !is_absent(status, error);
}

// What a sink makes of an item is no failure of the server's.
class OwnErrors {
 public:
  explicit OwnErrors(Api::Sink sink) : sink_(std::move(sink)) {}

  std::optional<RuntimeError> error{};

  /// Lifetime: until this ends.
  Api::Sink sink() {
    return [this](std::string_view item) {
      auto taken = sink_(item);
      if (!taken) error = taken.error();
      return taken;
    };
  }

 private:
  Api::Sink sink_;
};

}  // namespace

Api::Api(const Endpoint& endpoint, Wire wire)
    : url_(endpoint.url()),
      host_(endpoint.host_header()),
      wire_(std::move(wire)),
      client_(wire_.connect, host_, url_),
      deadlines_({.connect = wire_.deadlines.connect,
                  .head = wire_.deadlines.list_head,
                  .progress = wire_.deadlines.body}) {}

RuntimeError Api::refusal(const Outcome& outcome, std::string_view what) const {
  if (tls::says_wants_tls(outcome.status, outcome.error)) return tls::wants_tls(url_);
  RuntimeError error{.endpoint = url_,
                     .what = fmt::format("{}: status {}: {}", what, outcome.status, outcome.error)};
  if (outcome.status == 401) {
    error.kind = ErrorKind::denied;
    error.fault = ConnectFault::auth;
    error.remedy = "have the server trust your certificate: `incus config trust add-certificate`";
  } else if (is_forbidden(outcome.status, outcome.error)) {
    error.kind = ErrorKind::denied;
    error.fault = ConnectFault::denied;
    error.remedy = "name the projects that you may read with --project, or ask for more rights";
  } else if (outcome.status >= 500 || outcome.status == 429) {
    error.remedy = "the server is in trouble: look at its log";
  } else {
    error.kind = ErrorKind::protocol;
    error.fault = ConnectFault::not_this_api;
    error.remedy = "check that this is the API of Incus or LXD";
  }
  return error;
}

RuntimeError Api::refused_project(const Outcome& outcome, const std::string& project) const {
  const std::string shown = excerpt(project);
  if (is_absent(outcome.status, outcome.error)) {
    return {.kind = ErrorKind::denied,
            .endpoint = url_,
            .what = fmt::format("there is no project \"{}\", or it is hidden from you", shown),
            .remedy = "`incus project list` or `lxc project list` shows those that there are"};
  }
  RuntimeError error = refusal(outcome, fmt::format("the project \"{}\" may not be read", shown));
  if (error.kind == ErrorKind::denied) {
    error.remedy = "name a project that you may read with --project, or ask for more rights";
  }
  return error;
}

std::unexpected<RuntimeError> Api::here(RuntimeError error) const {
  error.endpoint = url_;
  return fail(std::move(error));
}

Task<Api::Outcome> Api::read_items(HttpResponsePtr response, Sink sink) {
  ListAnswer answer;
  AnswerBudget budget(url_, wire_.limits);
  for (;;) {
    auto bytes = co_await response->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (auto taken = budget.take(bytes->size()); !taken) co_return fail(std::move(taken.error()));
    auto fed = bytes->empty() ? answer.finish() : answer.feed(*bytes, sink);
    if (!fed) co_return here(std::move(fed.error()));
    if (bytes->empty()) co_return Outcome{.status = response->status(), .error = {}};
  }
}

Task<Api::Outcome> Api::fetch_list(std::string target, Sink sink) {
  auto response = co_await client_.get(std::move(target), deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  const unsigned status = (*response)->status();
  if (status == 200) co_return co_await read_items(std::move(*response), std::move(sink));
  auto body = co_await (*response)->read_all(max_small_answer);
  if (!body) co_return fail(std::move(body.error()));
  co_return Outcome{.status = status, .error = error_text(*body)};
}

Task<Api::Outcome> Api::fetch_object(std::string target, HttpDeadlines deadlines, Sink sink) {
  auto response = co_await client_.get(std::move(target), deadlines);
  if (!response) co_return fail(std::move(response.error()));
  const unsigned status = (*response)->status();
  auto body = co_await (*response)->read_all(JsonSplitter::default_max_item);
  if (!body) co_return fail(std::move(body.error()));
  if (status != 200) co_return Outcome{.status = status, .error = error_text(*body)};
  auto read = read_object(std::move(*body), sink);
  if (!read) co_return here(std::move(read.error()));
  co_return Outcome{.status = status, .error = {}};
}

Task<std::string> Api::small_answer(std::string target, HttpDeadlines deadlines, std::string what) {
  auto response = co_await client_.get(std::move(target), deadlines);
  if (!response) co_return fail(std::move(response.error()));
  auto body = co_await (*response)->read_all(max_small_answer);
  if (!body) co_return fail(std::move(body.error()));
  const unsigned status = (*response)->status();
  if (status == 200) co_return std::move(*body);
  const Outcome outcome{.status = status, .error = error_text(*body)};
  co_return fail(refusal(outcome, what));
}

Task<ServerInfo> Api::hello() {
  HttpDeadlines deadlines = deadlines_;
  deadlines.head = wire_.deadlines.probe_head;
  auto body = co_await small_answer("/1.0", deadlines, "the server refuses /1.0");
  if (!body) co_return fail(std::move(body.error()));
  auto server = read_server(*body);
  if (!server) {
    co_return fail({.kind = ErrorKind::protocol,
                    .fault = ConnectFault::not_this_api,
                    .endpoint = url_,
                    .what = "something answers here, but it is neither Incus nor LXD",
                    .remedy = "check the endpoint"});
  }
  if (server->trusts_us) co_return std::move(*server);
  co_return fail({.kind = ErrorKind::denied,
                  .fault = ConnectFault::auth,
                  .endpoint = url_,
                  .what = "the server does not trust this client",
                  .remedy = "have it trust your certificate: `incus remote add` with a token of "
                            "`incus config trust add`, or the same with `lxc`"});
}

Task<void> Api::ping() {
  HttpClient fresh(wire_.connect, host_, url_);
  const Milliseconds deadline = wire_.deadlines.quiet_probe;
  const HttpDeadlines deadlines{.connect = deadline, .head = deadline, .progress = deadline};
  auto response = co_await fresh.get("/1.0", deadlines);
  if (!response) co_return fail(std::move(response.error()));
  co_return Result<void>();
}

Task<void> Api::check_project(std::string project) {
  const std::string target = "/1.0/projects/" + encode_query_value(project);
  auto outcome =
      co_await fetch_object(target, deadlines_, [](std::string_view) { return Result<void>(); });
  if (!outcome) co_return fail(std::move(outcome.error()));
  if (outcome->status != 200) co_return fail(refused_project(*outcome, project));
  co_return Result<void>();
}

Task<std::vector<std::string>> Api::projects() {
  auto body =
      co_await small_answer("/1.0/projects", deadlines_, "the server does not list its projects");
  if (!body) co_return fail(std::move(body.error()));
  auto names = read_projects(*body);
  if (names) co_return std::move(*names);
  co_return fail({.kind = ErrorKind::protocol,
                  .endpoint = url_,
                  .what = "the server's list of projects cannot be understood",
                  .remedy = "name them with --project"});
}

Task<bool> Api::allows_all_projects() {
  auto response = co_await client_.get("/1.0/instances?all-projects=true", deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  auto body = co_await (*response)->read_all(JsonSplitter::default_max_item);
  if (!body) co_return fail(std::move(body.error()));
  const Outcome outcome{.status = (*response)->status(), .error = error_text(*body)};
  if (is_forbidden(outcome.status, outcome.error)) co_return false;
  if (outcome.status == 200) co_return true;
  co_return fail(refusal(outcome, "the server does not list its instances"));
}

Task<WebSocketPtr> Api::events(std::string project) {
  auto stream = co_await wire_.connect(wire_.deadlines.connect);
  if (!stream) co_return fail(std::move(stream.error()));
  WebSocketRequest request{
      .host = host_,
      .target = "/1.0/events?type=lifecycle" + of_project(project, "&"),
      .url = url_,
  };
  const WebSocketLimits limits{.handshake = wire_.deadlines.list_head,
                               .idle = wire_.deadlines.silence};
  auto answer = co_await open_websocket(std::move(*stream), std::move(request), limits);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->socket) co_return std::move(answer->socket);
  const Outcome outcome{.status = answer->status, .error = error_text(answer->body)};
  if (is_forbidden(outcome.status, outcome.error)) co_return WebSocketPtr();
  if (!project.empty() && is_absent(outcome.status, outcome.error)) {
    co_return fail(refused_project(outcome, project));
  }
  co_return fail(refusal(outcome, "the server gives no events"));
}

Task<std::optional<RuntimeError>> Api::instances(std::string project, Sink sink) {
  const std::string target = "/1.0/instances?recursion=1" + of_project(project, "&");
  auto outcome = co_await fetch_list(target, std::move(sink));
  if (!outcome) co_return fail(std::move(outcome.error()));
  if (outcome->status == 200) co_return std::nullopt;
  const bool fails = is_failure(outcome->status, outcome->error);
  if (!project.empty() && !fails) co_return fail(refused_project(*outcome, project));
  RuntimeError error = refusal(*outcome, "the server does not list its instances");
  if (fails) co_return std::optional(std::move(error));
  co_return fail(std::move(error));
}

Task<std::optional<std::vector<InstanceName>>> Api::instance_names(std::string project) {
  auto response = co_await client_.get("/1.0/instances" + of_project(project, "?"), deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  auto body = co_await (*response)->read_all(JsonSplitter::default_max_item);
  if (!body) co_return fail(std::move(body.error()));
  if ((*response)->status() != 200) co_return std::nullopt;
  co_return read_instance_names(*body);
}

/// A request that failed is a matter of what it was for, if the server itself is well.
Task<Api::Answer> Api::only_of_this(RuntimeError error) {
  if (error.kind == ErrorKind::denied) co_return fail(std::move(error));
  auto alive = co_await ping();
  if (!alive) co_return fail(std::move(error));
  co_return Answer{.trouble = std::move(error.what)};
}

Task<Api::Answer> Api::instance(std::string project, std::string name, Sink sink) {
  OwnErrors own(std::move(sink));
  auto outcome = co_await fetch_object(path_of(project, name, ""), deadlines_, own.sink());
  if (own.error) co_return fail(std::move(*own.error));
  if (!outcome) co_return co_await only_of_this(std::move(outcome.error()));
  if (outcome->status == 404) co_return Answer{.found = false};
  if (outcome->status == 200) co_return Answer();
  RuntimeError error = refusal(*outcome, "the server does not tell of an instance");
  if (is_failure(outcome->status, outcome->error)) {
    co_return Answer{.trouble = std::move(error.what)};
  }
  co_return fail(std::move(error));
}

Task<bool> Api::state(std::string project, std::string name, Sink sink) {
  HttpDeadlines deadlines = deadlines_;
  deadlines.head = std::min(deadlines.head, state_limit);
  OwnErrors own(std::move(sink));
  auto outcome = co_await fetch_object(path_of(project, name, "/state"), deadlines, own.sink());
  if (own.error) co_return fail(std::move(*own.error));
  if (outcome) co_return outcome->status == 200;
  // One instance that hangs is no reason to know nothing of the others.
  auto answer = co_await only_of_this(std::move(outcome.error()));
  if (!answer) co_return fail(std::move(answer.error()));
  co_return false;
}

Task<Api::Answer> Api::forwards(std::string project, std::string network, Sink sink) {
  const std::string target = fmt::format("/1.0/networks/{}/forwards?recursion=1{}",
                                         encode_query_value(network), of_project(project, "&"));
  OwnErrors own(std::move(sink));
  auto outcome = co_await fetch_list(target, own.sink());
  if (own.error) co_return fail(std::move(*own.error));
  if (!outcome) co_return co_await only_of_this(std::move(outcome.error()));
  if (outcome->status == 200 || has_no_forwards(outcome->status)) co_return Answer();
  co_return Answer{
      .trouble = refusal(*outcome, "the server does not tell the forwards of a network").what};
}

}  // namespace rollcall::incus
