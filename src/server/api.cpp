#include "server/api.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/suggest.hpp"
#include "core/text.hpp"
#include "server/accept.hpp"
#include "server/gzip.hpp"
#include "server/problem.hpp"

namespace rollcall::server {
namespace {

/// Smaller ones are not worth it.
constexpr std::size_t least_gzipped = 1024;

bool has_header(const Reply& reply, std::string_view name) {
  return std::ranges::any_of(reply.headers,
                             [name](const auto& header) { return header.first == name; });
}

Reply no_such_path(const Target& target, std::span<const Route> routes) {
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

void compress(Reply& reply, const Request& request) {
  if (reply.live || !reply.body || reply.status == 304 || reply.body->size() < least_gzipped)
    return;
  if (has_header(reply, "Vary")) return;  // whoever made it has chosen
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip(request.header("accept-encoding"))) return;
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

Reply Api::answer(const Request& request, const Client& client) {
  const auto target = parse_target(request.target);
  std::optional<Match> match;
  if (target) match = find_route(routes_, *target);
  const bool open = match && match->route->open;
  if (auto refused = refuse(request, client, open, options_)) {
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
  return reply;
}

}  // namespace rollcall::server
