#include "cli/remote/daemon_client.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "cli/token_file.hpp"
#include "core/budgets.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_read.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::uint16_t default_port = 7655;
constexpr std::size_t largest_answer = budget::daemon_answer_bytes;
constexpr std::size_t largest_problem = budget::daemon_problem_bytes;
/// Three and a half heartbeats of a daemon with its default configuration.
constexpr std::chrono::milliseconds silence{50'000};

RuntimeError not_ours(const std::string& url, std::string what) {
  return {.kind = ErrorKind::protocol,
          .fault = ConnectFault::not_this_api,
          .endpoint = url,
          .what = std::move(what),
          .remedy = "check that `rollcall serve` answers there"};
}

RuntimeError would_tell_the_token(std::string url) {
  return {.kind = ErrorKind::invalid_config,
          .endpoint = std::move(url),
          .what = "the token would be sent without TLS, readable on the way",
          .remedy =
              "write https://host:port, ask on the daemon's host by its socket or by "
              "127.0.0.1, or leave out --token-file"};
}

/// The sentence of a problem (RFC 9457), or the status.
std::string detail_of(unsigned status, const std::string& body) {
  boost::system::error_code broken;
  const json::value problem = json::parse(body, broken);
  const auto* object = broken ? nullptr : problem.if_object();
  for (const char* name : {"detail", "title"}) {
    const auto* text = object == nullptr ? nullptr : object->if_contains(name);
    if (text != nullptr && text->is_string()) {
      return excerpt(std::string_view(text->get_string()), 512);
    }
  }
  return fmt::format("the answer is HTTP status {}", status);
}

RuntimeError refusal(const std::string& url, unsigned status, const std::string& body) {
  RuntimeError error{.endpoint = url, .what = detail_of(status, body)};
  if (status == 401 || status == 403) {
    error.kind = ErrorKind::denied;
    error.fault = ConnectFault::auth;
    error.remedy = status == 401 ? "name the daemon's token by --token-file"
                                 : "ask by its socket, or name its token by --token-file";
  } else if (status == 410) {
    error.kind = ErrorKind::desynced;
  } else if (status == 503 || status == 429) {
    error.kind = ErrorKind::unavailable;
    error.fault = ConnectFault::mute;
  } else {
    return not_ours(url, error.what);
  }
  return error;
}

bool speaks_docker(std::string_view backend) {
  return backend == "docker" || backend == "podman";
}

Result<DaemonList> read_list(const json::value& document, const std::string& url) {
  const auto* object = document.if_object();
  const auto* instances = object == nullptr ? nullptr : object->if_contains("instances");
  const auto* cursor = object == nullptr ? nullptr : object->if_contains("cursor");
  if (instances == nullptr || !instances->is_array() || cursor == nullptr || !cursor->is_string()) {
    return fail(not_ours(url, "the answer is no list of instances"));
  }
  DaemonList list{
      .instances = {}, .stale = stale_in(*object), .cursor = std::string(cursor->get_string())};
  list.instances.reserve(instances->get_array().size());
  for (const json::value& value : instances->get_array()) {
    auto instance = read_instance(value);
    if (!instance) return fail(std::move(instance.error()));
    list.instances.push_back(std::move(*instance));
  }
  const auto key = [](const InstancePtr& instance) -> const InstanceKey& { return instance->key; };
  if (!std::ranges::is_sorted(list.instances, {}, key)) {
    std::ranges::sort(list.instances, {}, key);
  }
  return list;
}

/// The token to send there; empty without a file.
Result<std::string> token_for(const Endpoint& endpoint, const std::string& file) {
  if (file.empty()) return std::string();
  auto token = read_token(file);
  if (!token) {
    return fail({.kind = ErrorKind::invalid_config, .what = "--token-file: " + token.error()});
  }
  if (endpoint.scheme == Endpoint::Scheme::tcp && !server::is_loopback(endpoint.host)) {
    return fail(would_tell_the_token(endpoint.url()));
  }
  return std::move(*token);
}

}  // namespace

bool StaleEngine::may_run(const InstanceKey& key) const {
  if (!never) return false;
  // An engine that has not answered yet may turn out to have another name.
  if (!endpoint.empty()) return endpoint == key.endpoint;
  return backend == key.backend || backend == "auto" ||
         (speaks_docker(backend) && speaks_docker(key.backend));
}

std::string StaleEngine::describe() const {
  const std::string place = endpoint.empty() ? "" : " at " + endpoint;
  std::string_view what = "is away, and what it runs may be old";
  if (never) what = "was never listed since the daemon was started, so what it runs is not known";
  if (dropped) what = "is away for longer than the grace, so what it runs is not known";
  return fmt::format("{}{} {}{}{}", backend, place, what, reason.empty() ? "" : ": ", reason);
}

std::vector<StaleEngine> stale_in(const json::object& document) {
  std::vector<StaleEngine> all;
  std::vector<Problem> unread;
  JsonFields(document, unread).objects("stale", [&all](const JsonFields& fields) {
    StaleEngine& stale = all.emplace_back();
    fields.text("backend", stale.backend);
    fields.text("endpoint", stale.endpoint);
    fields.text("reason", stale.reason);
    fields.flag("never", stale.never);
    fields.flag("dropped", stale.dropped);
    fields.flag("named", stale.named);
  });
  return all;
}

Task<std::vector<StreamEvent>> DaemonEvents::next() {
  std::vector<StreamEvent> events;
  while (events.empty()) {
    auto reading = response_->read_some();
    const auto bytes = co_await std::move(reading);
    if (!bytes) co_return fail(bytes.error());
    if (bytes->empty()) break;
    auto fed =
        reader_.feed(*bytes, [&events](StreamEvent event) { events.push_back(std::move(event)); });
    if (!fed) co_return fail(std::move(fed.error()));
  }
  co_return std::move(events);
}

DaemonClient::DaemonClient(Endpoint endpoint, std::string token)
    : http_(endpoint), url_(endpoint.url()), token_(std::move(token)), local_(endpoint.local()) {}

Result<DaemonClient> DaemonClient::make(const DaemonAddress& options) {
  auto endpoint = parse_endpoint(options.url, default_port);
  if (!endpoint) return fail(std::move(endpoint.error()));
  if (endpoint->scheme == Endpoint::Scheme::ssh) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = endpoint->url(),
                 .what = "a daemon is not asked through ssh",
                 .remedy = "forward its socket by `ssh -L`, and name that"});
  }
  endpoint->tls.authority.file = options.ca_file;
  auto token = token_for(*endpoint, options.token_file);
  if (!token) return fail(std::move(token.error()));
  return DaemonClient(*endpoint, std::move(*token));
}

Task<HttpResponsePtr> DaemonClient::ask(std::string target, std::string accept,
                                        HttpDeadlines deadlines) {
  if (!local_) deadlines.connect = 10s;
  HttpRequest request{.target = std::move(target), .headers = {{"Accept", std::move(accept)}}};
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  auto sending = http_.send(std::move(request), deadlines);
  auto response = co_await std::move(sending);
  if (!response) co_return fail(std::move(response.error()));
  if ((*response)->status() == 200) co_return std::move(response);
  auto reading = (*response)->read_all(largest_problem);
  const auto body = co_await std::move(reading);
  co_return fail(refusal(url_, (*response)->status(), body ? *body : std::string()));
}

Task<json::value> DaemonClient::document(std::string target) {
  auto asking = ask(std::move(target), "application/json", {});
  auto response = co_await std::move(asking);
  if (!response) co_return fail(std::move(response.error()));
  auto reading = (*response)->read_all(largest_answer);
  auto body = co_await std::move(reading);
  if (!body) co_return fail(std::move(body.error()));
  boost::system::error_code broken;
  json::value value = json::parse(*body, broken);
  if (broken) co_return fail(not_ours(url_, "the answer is no JSON: " + broken.message()));
  co_return std::move(value);
}

Task<DaemonList> DaemonClient::list() {
  auto asking = document("/v1/instances");
  const auto answer = co_await std::move(asking);
  if (!answer) co_return fail(answer.error());
  co_return read_list(*answer, url_);
}

Task<json::value> DaemonClient::status() {
  return document("/v1/status");
}

Task<std::unique_ptr<DaemonEvents>> DaemonClient::events(std::string since) {
  HttpDeadlines deadlines;
  deadlines.progress = silence;
  auto asking =
      ask("/v1/events?since=" + encode_query_value(since), "text/event-stream", deadlines);
  auto response = co_await std::move(asking);
  if (!response) co_return fail(std::move(response.error()));
  co_return std::make_unique<DaemonEvents>(std::move(*response));
}

}  // namespace rollcall::cli
