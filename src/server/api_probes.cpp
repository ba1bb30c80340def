// The routes that tell of the server itself: whether it lives, whether it is ready, what it knows.
#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "server/api.hpp"
#include "server/docs_page.hpp"
#include "server/openapi.hpp"
#include "server/problem.hpp"

namespace rollcall::server {

namespace {

using namespace std::chrono_literals;

/// So long a runtime that does not answer keeps the others back; then what is known is told.
constexpr auto longest_settling = 10s;

constexpr std::string_view text_type = "text/plain; charset=utf-8";

}  // namespace

void Api::add_probe_routes() {
  constexpr std::string_view group = "Probes";
  add({.path = "/livez",
       .name = "isAlive",
       .group = group,
       .summary = "Whether the server answers at all",
       .types = {text_type},
       .open = true},
      &Api::live);
  add({.path = "/readyz",
       .name = "isReady",
       .group = group,
       .summary = "Whether every runtime has been listed, or has failed once",
       .description = "After 10 s it is, whatever is missing: /v1/status tells what.",
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

Reply Api::ready(const Question& /*question*/) {
  return settled() ? text_reply(text_type, "ready\n") : not_settled();
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
    openapi_ = std::make_shared<const std::string>(
        boost::json::serialize(openapi_document(routes_, version_)) + "\n");
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
