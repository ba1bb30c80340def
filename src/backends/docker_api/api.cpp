#include "backends/docker_api/api.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "core/async/deadline.hpp"
#include "core/budgets.hpp"
#include "core/secrets/secrets.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"
#include "transport/splitters/json_splitter.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::docker_api {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t max_small_answer = budget::small_answer_bytes;
constexpr std::size_t max_quoted_error = 300;

/// The engine's error text: {"message": …}, Podman's {"cause","message","response"}, or plain text.
std::string error_text(const std::string& body) {
  boost::system::error_code ec;
  const auto json = boost::json::parse(body, ec);
  const auto* message =
      !ec && json.is_object() ? json.get_object().if_contains("message") : nullptr;
  const bool told = message != nullptr && message->is_string();
  const std::string_view text =
      told ? std::string_view(message->get_string()) : std::string_view(body);
  return quotation(text, max_quoted_error);
}

RuntimeError status_error(unsigned status, const std::string& what, const std::string& body,
                          const std::string& url) {
  if (tls::says_wants_tls(status, body)) return tls::wants_tls(url);
  RuntimeError error{.endpoint = url,
                     .what = fmt::format("{}: status {}: {}", what, status, error_text(body))};
  if (status == 401 || status == 403) {
    error.kind = ErrorKind::denied;
    error.fault = status == 401 ? ConnectFault::auth : ConnectFault::denied;
    error.remedy =
        "if a proxy stands before the engine, let it pass GET on /_ping, /containers and /events";
  } else if (status >= 500 || status == 429) {
    error.kind = ErrorKind::unavailable;
    error.remedy = "the engine is in trouble: look at its log";
  } else {
    error.kind = ErrorKind::protocol;
    error.fault = ConnectFault::not_this_api;
    error.remedy = "check that this is the engine's API endpoint";
  }
  return error;
}

// A refusal of one request that says nothing about others: a proxy blocks it, or the engine lacks
// it.
bool is_refusal(unsigned status) {
  constexpr std::array<unsigned, 4> refusals = {403, 404, 405, 501};
  return std::ranges::find(refusals, status) != refusals.end();
}

bool looks_like_version(std::string_view text) {
  const auto ok = [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; };
  return !text.empty() && text.size() < 16 && std::ranges::all_of(text, ok);
}

std::string id_filter(const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  const boost::json::value filters = {{"id", boost::json::array(ids.begin(), ids.end())}};
  return "&filters=" + encode_query_value(boost::json::serialize(filters));
}

/// "Docker/20.10.24 (linux)" -> "20.10.24".
std::string product_version(std::string_view server) {
  const auto slash = server.find('/');
  if (slash == std::string_view::npos) return {};
  const auto rest = server.substr(slash + 1);
  return printable(rest.substr(0, rest.find(' ')));
}

RuntimeError too_new(const std::string& wanted, const std::string& offered,
                     const std::string& url) {
  return {.kind = ErrorKind::protocol,
          .fault = ConnectFault::not_this_api,
          .endpoint = url,
          .what = fmt::format("DOCKER_API_VERSION asks for version {}, and the engine speaks {}",
                              wanted, offered.empty() ? "none that it tells" : offered),
          .remedy = "unset DOCKER_API_VERSION, or name a version that the engine speaks"};
}

}  // namespace

bool newer_api(std::string_view version, std::string_view than) {
  const auto numbers = [](std::string_view text) {
    std::pair<unsigned, unsigned> both;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto major = std::from_chars(begin, end, both.first);
    if (major.ptr != end) std::from_chars(major.ptr + 1, end, both.second);
    return both;
  };
  return numbers(version) > numbers(than);
}

bool speaks_version(std::string_view version) {
  const std::size_t dot = version.find('.');
  const auto number = [](std::string_view text) {
    return !text.empty() && text.size() < 5 && std::ranges::all_of(text, is_digit);
  };
  return dot != std::string_view::npos && number(version.substr(0, dot)) &&
         number(version.substr(dot + 1)) && !newer_api(oldest_version, version);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::optional<EngineHello> read_hello(std::string_view server, std::string_view api_version,
                                      std::string_view libpod_version, std::string_view date,
                                      Timestamp now) {
  if (!looks_like_version(api_version) && libpod_version.empty()) return std::nullopt;
  EngineHello hello;
  const bool podman = !libpod_version.empty() || server.starts_with("Libpod/");
  hello.product = podman ? "Podman" : "Docker";
  if (looks_like_version(libpod_version)) hello.libpod_version = libpod_version;
  hello.version = product_version(server);
  if (looks_like_version(api_version)) hello.api_version = api_version;
  const auto told = parse_http_date(date);
  hello.date = told.value_or(std::chrono::floor<std::chrono::seconds>(now));
  // The header has whole seconds: a smaller difference from our clock cannot be seen, and counts as
  // none.
  const Duration behind = now - hello.date;
  if (behind < -1s || behind > 2s) hello.clock_ahead = 500ms - behind;
  return hello;
}

Api::Api(Address address, EnvPtr env, Wire wire, RequestRules rules)
    : url_(address.url()),
      host_(address.endpoint.host_header()),
      path_(std::move(address.path)),
      env_(std::move(env)),
      wire_(std::move(wire)),
      client_(wire_.connect, host_, url_),
      deadlines_({.connect = wire_.deadlines.connect,
                  .head = wire_.deadlines.list_head,
                  .progress = wire_.deadlines.body}),
      rules_(std::move(rules)),
      in_turns_(address.endpoint.scheme == Endpoint::Scheme::ssh) {}

boost::asio::awaitable<Turns::Turn> Api::turn() {
  if (!in_turns_) co_return nullptr;
  if (!turns_) turns_.emplace(co_await boost::asio::this_coro::executor);
  co_return co_await turns_->take();
}

Task<EngineHello> Api::hello() {
  HttpDeadlines deadlines = deadlines_;
  deadlines.head = wire_.deadlines.probe_head;
  auto response = co_await get(client_, "/_ping", deadlines);
  if (!response) co_return fail(std::move(response.error()));
  HttpResponse& answer = **response;
  auto checked = co_await check(answer, "the engine refuses /_ping");
  if (!checked) co_return fail(std::move(checked.error()));
  auto hello = read_hello(answer.header("Server"), answer.header("Api-Version"),
                          answer.header("Libpod-Api-Version"), answer.header("Date"), env_->now());
  auto body = co_await answer.read_all(max_small_answer);
  if (!body) co_return fail(std::move(body.error()));
  if (!hello) {
    co_return fail({.kind = ErrorKind::protocol,
                    .fault = ConnectFault::not_this_api,
                    .endpoint = url_,
                    .what = "something answers here, but it is no Docker engine",
                    .remedy = "check the endpoint"});
  }
  const std::string& wanted = rules_.api_version;
  if (!wanted.empty() && newer_api(wanted, hello->api_version)) {
    co_return fail(too_new(wanted, hello->api_version, url_));
  }
  if (!wanted.empty()) hello->api_version = wanted;
  prefix_ = hello->api_version.empty() ? "" : "/v" + hello->api_version;
  // Podman accepts any version in a path, but requires one before libpod's own paths.
  libpod_prefix_ = "/v" + (hello->libpod_version.empty() ? "4.0.0" : hello->libpod_version);
  co_return std::move(*hello);
}

Task<HttpResponsePtr> Api::get(HttpClient& client, std::string target, HttpDeadlines deadlines) {
  return client.send({.target = path_ + target, .headers = rules_.headers}, deadlines);
}

// Resolving, connecting, handshakes and heads each have a deadline; this error is for their sum.
RuntimeError Api::late(Milliseconds deadline) const {
  return {.kind = ErrorKind::unavailable,
          .fault = ConnectFault::mute,
          .endpoint = url_,
          .what = fmt::format("no answer within {:g} s",
                              std::chrono::duration<double>(deadline).count()),
          .remedy = "the engine hangs, or the network to it is cut: look at its log"};
}

Task<void> Api::ping() {
  const Milliseconds deadline = wire_.deadlines.quiet_probe;
  auto asking = with_deadline(ask_ping(deadline), deadline, late(deadline));
  co_return co_await std::move(asking);
}

Task<std::string> Api::identity(bool podman) {
  const Milliseconds deadline = wire_.deadlines.quiet_probe;
  auto asking = with_deadline(ask_identity(podman), deadline, late(deadline));
  co_return co_await std::move(asking);
}

Task<std::string> Api::ask_identity(bool podman) {
  const auto mine = co_await turn();
  std::string target = podman ? libpod_prefix_ + "/libpod/info" : versioned("/info");
  auto response = co_await get(client_, std::move(target), deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  auto body = co_await (*response)->read_all(max_small_answer);
  if (!body) co_return fail(std::move(body.error()));
  if ((*response)->status() != 200) co_return std::string();
  co_return podman ? identity_of_podman(*body) : identity_of_docker(*body);
}

Task<void> Api::ask_ping(Milliseconds deadline) {
  HttpClient fresh(wire_.connect, host_, url_);
  const HttpDeadlines deadlines{.connect = deadline, .head = deadline, .progress = deadline};
  auto response = co_await get(fresh, "/_ping", deadlines);
  if (!response) co_return fail(std::move(response.error()));
  co_return Result<void>();
}

Task<HttpResponsePtr> Api::events(Timestamp since, std::string_view filters) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::string target = fmt::format("{}?since={}.{:09}&filters={}", versioned("/events"),
                                         seconds.time_since_epoch().count(),
                                         (since - seconds).count(), encode_query_value(filters));
  HttpDeadlines deadlines = deadlines_;
  deadlines.progress = Milliseconds::zero();  // a probe watches a quiet stream
  auto response = co_await get(client_, target, deadlines);
  if (!response) co_return fail(std::move(response.error()));
  if (is_refusal((*response)->status())) co_return HttpResponsePtr();
  auto checked = co_await check(**response, "the engine gives no events");
  if (!checked) co_return fail(std::move(checked.error()));
  co_return std::move(*response);
}

Task<ListOutcome> Api::containers(std::vector<std::string> ids, bool stopped, Sink sink) {
  const auto mine = co_await turn();
  std::string target = versioned("/containers/json");
  target += stopped ? "?all=1" : "?all=0";
  target += id_filter(ids);
  auto response = co_await get(client_, std::move(target), deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  auto reading = read_list(std::move(*response), std::move(sink));
  co_return co_await std::move(reading);
}

Task<ListOutcome> Api::libpod_containers(std::vector<std::string> ids, Sink sink) {
  const auto mine = co_await turn();
  std::string target = libpod_prefix_ + "/libpod/containers/json?all=true" + id_filter(ids);
  auto response = co_await get(client_, std::move(target), deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  if (is_refusal((*response)->status())) {
    auto refusal = co_await (*response)->read_all(max_small_answer);
    if (!refusal) co_return fail(std::move(refusal.error()));
    co_return ListOutcome{.refused = true};
  }
  auto reading = read_list(std::move(*response), std::move(sink));
  co_return co_await std::move(reading);
}

Task<ListOutcome> Api::read_list(HttpResponsePtr response, Sink sink) {
  auto checked = co_await check(*response, "the engine does not list its containers");
  if (!checked && response->status() == 500) {
    co_return ListOutcome{.trouble = std::move(checked.error())};
  }
  if (!checked) co_return fail(std::move(checked.error()));
  auto reading = each_item(std::move(response), std::move(sink));
  auto read = co_await std::move(reading);
  if (!read) co_return fail(std::move(read.error()));
  co_return ListOutcome();
}

Task<void> Api::each_item(HttpResponsePtr response, Sink sink) {
  JsonSplitter splitter(JsonSplitter::Shape::array);
  AnswerBudget budget(url_, wire_.limits);
  for (;;) {
    auto bytes = co_await response->read_some();
    if (!bytes) co_return fail(std::move(bytes.error()));
    if (auto taken = budget.take(bytes->size()); !taken) co_return taken;
    auto fed = bytes->empty() ? splitter.finish() : splitter.feed(*bytes, sink);
    if (!fed) {
      RuntimeError error = std::move(fed.error());
      error.endpoint = url_;
      co_return fail(std::move(error));
    }
    if (bytes->empty()) co_return Result<void>();
  }
}

Task<bool> Api::settle(std::string id) {
  const auto mine = co_await turn();
  const std::string target = versioned("/containers/" + encode_query_value(id) + "/json");
  auto response = co_await get(client_, target, deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  const unsigned status = (*response)->status();
  auto body = co_await (*response)->read_all(JsonSplitter::default_max_item);
  if (!body) co_return fail(std::move(body.error()));
  co_return status == 200 || status == 404;
}

Task<std::optional<std::string>> Api::inspect(std::string id) {
  const auto mine = co_await turn();
  const std::string target = versioned("/containers/" + encode_query_value(id) + "/json");
  auto response = co_await get(client_, target, deadlines_);
  if (!response) co_return fail(std::move(response.error()));
  auto body = co_await (*response)->read_all(JsonSplitter::default_max_item);
  if (!body) co_return fail(std::move(body.error()));
  if ((*response)->status() != 200) co_return std::nullopt;
  co_return std::optional(std::move(*body));
}

std::string Api::versioned(std::string_view path) const {
  return prefix_ + std::string(path);
}

Task<void> Api::check(HttpResponse& response, std::string what) {
  const unsigned status = response.status();
  if (status == 200) co_return Result<void>();
  auto body = co_await response.read_all(max_small_answer);
  co_return fail(status_error(status, what, body ? *body : std::string(), url_));
}

}  // namespace rollcall::docker_api
