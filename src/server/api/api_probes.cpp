// The routes about the server itself: liveness, readiness, and documentation.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "core/json/json_text.hpp"
#include "core/text/text.hpp"
#include "server/access/admission.hpp"
#include "server/api/api.hpp"
#include "server/api/docs_page.hpp"
#include "server/api/openapi.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {

namespace {

using namespace std::chrono_literals;

/// How long a runtime without an answer keeps the server from being settled.
constexpr auto longest_settling = 10s;

constexpr std::string_view text_type = "text/plain; charset=utf-8";

/// "docker at unix:///run/docker.sock (there is no such socket)", or the runtime alone.
std::string told_of(const SourceStatus& source, bool all) {
  if (!all) return printable(source.name);
  const std::string reason = source.reason.empty() ? "no answer yet" : source.reason;
  return printable(fmt::format("{} ({})", name_of(source), reason));
}

boost::json::array names_in(const std::vector<SourceStatus>& sources, bool all) {
  boost::json::array out;
  for (const SourceStatus& source : sources) {
    boost::json::object one{{"backend", valid_utf8(source.name)}};
    if (all) one["endpoint"] = valid_utf8(source.endpoint);
    out.emplace_back(std::move(one));
  }
  return out;
}

}  // namespace

void Api::add_probe_routes() {
  constexpr std::string_view group = "Probes";
  add({.path = "/livez",
       .name = "isAlive",
       .group = group,
       .summary = "Whether the server answers at all",
       .types = {text_type},
       .open = true,
       .always = true},
      &Api::live);
  add({.path = "/readyz",
       .name = "isReady",
       .group = group,
       .summary = "Whether every runtime has been listed, or has failed once",
       .description =
           "After 10 s it is, whatever is missing. But while an engine that was named "
           "was never listed it is not, for at most wait_for_named. The answer names that "
           "engine, also when it is ready.",
       .types = {text_type},
       .problems = {503},
       .open = true},
      &Api::ready);
}

void Api::add_document_routes() {
  constexpr std::string_view group = "This description";
  add({.path = "/openapi.json",
       .name = "getOpenApi",
       .group = group,
       .summary = "All of this for programs: OpenAPI 3.1",
       .open = true},
      &Api::openapi);
  add({.path = "/docs",
       .name = "getDocs",
       .group = group,
       .summary = "All of this for people",
       .types = {"text/html"},
       .open = true},
      &Api::docs);
}

bool Api::settled() const {
  return hub_.settled() || env_->monotonic() - started_ >= longest_settling;
}

Reply Api::live(const Question& /*question*/) {
  return text_reply(text_type, "alive\n");
}

Reply Api::ready(const Question& question) {
  // Clients without access learn the runtime, not its endpoint.
  const bool trusted = !refuse(question.request, question.client, {}, options_);
  if (auto later = put_off(trusted)) return std::move(*later);
  std::string text = "ready\n";
  for (const SourceStatus& source : hub_.sources()) {
    const Unknown why = unknown_of(source);
    if (why == Unknown::no || !source.named) continue;
    text += fmt::format("{}: {}\n", why == Unknown::never ? "never listed" : "away, and dropped",
                        told_of(source, trusted));
  }
  return text_reply(text_type, std::move(text));
}

/// 503 while clients that act on missing instances must wait.
std::optional<Reply> Api::put_off(bool trusted) const {
  if (!settled()) return not_settled();
  const auto missing = awaited(hub_.sources(), env_->monotonic(), options_.wait_for_named);
  if (missing.empty()) return std::nullopt;
  std::string which;
  for (const SourceStatus& source : missing) {
    which += (which.empty() ? "" : "; ") + told_of(source, trusted);
  }
  Reply reply = problem(
      503, fmt::format("not listed since the start, so what runs there is not known: {}", which),
      {{"awaited", names_in(missing, trusted)}});
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

Reply Api::not_settled() const {
  const auto sources = hub_.sources();
  const auto open = std::ranges::count_if(
      sources, [](const SourceStatus& s) { return !s.synced_once && !s.failed_once; });
  Reply reply =
      problem(503, fmt::format("{} of {} runtimes have not been listed yet", open, sources.size()));
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

Reply Api::openapi(const Question& /*question*/) {
  if (!openapi_) {
    openapi_ =
        std::make_shared<const std::string>(serialized(openapi_document(routes_, version_)) + "\n");
  }
  return {.type = "application/json", .body = openapi_};
}

Reply Api::docs(const Question& /*question*/) {
  if (!docs_) docs_ = std::make_shared<const std::string>(docs_page(routes_, version_));
  Reply reply{.type = "text/html; charset=utf-8", .body = docs_};
  reply.headers.emplace_back("Content-Security-Policy", std::string(docs_policy));
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  return reply;
}

}  // namespace rollcall::server
