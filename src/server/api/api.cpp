#include "server/api/api.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/budgets.hpp"
#include "core/text/suggest.hpp"
#include "core/text/text.hpp"
#include "server/http/accept.hpp"
#include "server/http/gzip.hpp"
#include "server/http/problem.hpp"

namespace rollcall::server {
namespace {

/// Smaller bodies are not compressed.
constexpr std::size_t least_gzipped = 1024;

bool has_header(const Reply& reply, std::string_view name) {
  return std::ranges::any_of(reply.headers,
                             [name](const auto& header) { return header.first == name; });
}

Reply no_such_path(const RequestTarget& target, std::span<const Route> routes) {
  std::vector<std::string> paths;
  for (const Route& route : routes) paths.emplace_back(route.path);
  const std::string path = excerpt(target.path);
  return problem(404, fmt::format("there is no '{}'{} (/docs tells what there is)", path,
                                  suggestion(target.path, paths)));
}

Reply no_such_method(const std::string& method) {
  Reply reply = problem(
      405, fmt::format("this server is read-only: it takes GET and HEAD, not {}", excerpt(method)));
  reply.headers.emplace_back("Allow", "GET, HEAD");
  return reply;
}

/// An unknown path needs the token.
Asked asked_by(const std::optional<Match>& match) {
  if (!match) return {};
  const auto& types = match->route->types;
  return {.open = match->route->open, .page = std::ranges::find(types, "text/html") != types.end()};
}

bool is_worth_gzip(const std::string& text) {
  return text.size() >= least_gzipped && text.size() <= budget::gzip_bytes;
}

void compress(Reply& reply, const Request& request) {
  if (!reply.body || reply.status == 304 || reply.body->size() < least_gzipped) return;
  if (has_header(reply, "Vary")) return;  // the handler has set it
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip(request.header("accept-encoding")) || !is_worth_gzip(*reply.body)) return;
  reply.body = std::make_shared<const std::string>(gzip(*reply.body, Effort::fast));
  reply.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace

Api::Api(boost::asio::any_io_executor executor, Hub& hub, EnvPtr env, const ServerOptions& options,
         Stats& stats, std::string version)
    : executor_(std::move(executor)),
      hub_(hub),
      env_(std::move(env)),
      options_(options),
      stats_(stats),
      version_(std::move(version)),
      started_(env_->monotonic()) {
  add_inventory_routes();
  add_status_routes();
  add_koi_routes();
  add_probe_routes();
  add_document_routes();
}

void Api::add(Route route, Member member) {
  route.answer = [this, member](const Question& question) { return (this->*member)(question); };
  routes_.push_back(std::move(route));
}

Verdict Api::judge(const Request& request, const Client& client) {
  const auto target = parse_target(request.target);
  auto match = target ? find_route(routes_, *target) : std::nullopt;
  const bool trusted = is_trusted(request, client, options_);
  return {.refusal = refuse(request, client, asked_by(match), options_),
          .trusted = trusted,
          .always = match && match->route->always,
          .keeps_place = trusted || options_.token.empty()};
}

Reply Api::shared_reply(const Question& question, std::string_view more, const Make& make) {
  const Request& request = question.request;
  const std::string key = fmt::format("{} {} {}", to_string(hub_.cursor()), more, request.target);
  const std::string key_of_gzip = key + " gzip";
  const bool takes_gzip = accepts_gzip(request.header("accept-encoding"));
  HeldText text = takes_gzip ? answers_->find(key_of_gzip) : HeldText{};
  bool zipped = text.text != nullptr;
  if (!zipped) text = answers_->find(key);
  if (!text.text) {
    auto made = make(answers_->room());
    if (!made) {
      answers_->make_room();
      return too_much_is_read();
    }
    text = answers_->hold(std::make_shared<const std::string>(std::move(*made)), key);
  }
  if (text.text && takes_gzip && !zipped && is_worth_gzip(*text.text)) {
    zipped = true;
    text = answers_->hold(std::make_shared<const std::string>(gzip(*text.text, Effort::fast)),
                          key_of_gzip);
  }
  if (!text.text) return too_much_is_read();
  Reply reply{.type = "application/json",
              .body = std::move(text.text),
              .given_up = std::move(text.given_up)};
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (zipped) reply.headers.emplace_back("Content-Encoding", "gzip");
  return reply;
}

Reply Api::answer(const Request& request, const Client& client) {
  const auto target = parse_target(request.target);
  std::optional<Match> match;
  if (target) match = find_route(routes_, *target);
  if (auto refused = refuse(request, client, asked_by(match), options_)) {
    ++stats_.refused_requests;
    return std::move(*refused);
  }
  if (!target) return problem(400, target.error());
  if (!match) return no_such_path(*target, routes_);
  if (request.method != "GET" && request.method != "HEAD") return no_such_method(request.method);
  if (auto wrong = wrong_parameters(*match->route, *target)) return problem(400, *wrong);
  Reply reply = match->route->answer(
      {.request = request, .target = *target, .client = client, .path = std::move(match->values)});
  if (!has_header(reply, "Cache-Control")) reply.headers.emplace_back("Cache-Control", "no-store");
  compress(reply, request);
  if (!reply.body || reply.given_up) return reply;
  HeldText held = answers_->hold(reply.body);
  if (!held.text) return too_much_is_read();
  reply.body = std::move(held.text);
  reply.given_up = std::move(held.given_up);
  return reply;
}

}  // namespace rollcall::server
