#include "backends/kubernetes/server_info.hpp"

#include <charconv>
#include <utility>

#include "backends/kubernetes/resource_watch.hpp"
#include "core/json/json_walk.hpp"
#include "core/text/text.hpp"

namespace rollcall::kubernetes {

Result<ServerInfo> read_server(std::string_view json) {
  std::string text(json);
  text.append(JsonSplitter::padding, ' ');
  ServerInfo server;
  std::string_view version;
  std::string_view minor;
  json_walk::ObjectReader reader;
  const auto error =
      reader.read(std::string_view(text).substr(0, json.size()),
                  [&](std::string_view key, simdjson::ondemand::value value) {
                    if (key == "gitVersion") return json_walk::read_text(value, version);
                    return key == "minor" ? json_walk::read_text(value, minor) : simdjson::SUCCESS;
                  });
  if (error || version.empty()) {
    return fail({.kind = ErrorKind::protocol,
                 .fault = ConnectFault::not_this_api,
                 .endpoint = {},
                 .what = "something answers here, but it is no Kubernetes API server",
                 .remedy = "check the endpoint"});
  }
  server.version = excerpt(version);
  // Some providers write "29+".
  std::from_chars(minor.data(), minor.data() + minor.size(), server.minor);
  return server;
}

Task<ServerInfo> greet(EngineStatePtr engine) {
  HttpDeadlines deadlines = engine->api.deadlines();
  deadlines.head = engine->probe_head;
  auto answer = co_await engine->api.get("/version", deadlines);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->fault) {
    // Even a server that is still starting serves this path.
    if (answer->fault->status == 404) answer->fault->error.kind = ErrorKind::protocol;
    if (answer->fault->status != 403) co_return fail(std::move(answer->fault->error));
    // Hardened clusters hide their version; reading pods is what matters.
    const std::string space =
        engine->namespaces.empty() ? std::string() : *engine->namespaces.begin();
    ResourceWatch pods(engine, Resource::pods, space, SliceApi::slices_v1);
    auto allowed = co_await pods.ask();
    if (!allowed) co_return fail(std::move(allowed.error()));
    if (*allowed) co_return fail(std::move((*allowed)->error));
    co_return ServerInfo();
  }
  auto text = co_await answer->response->read_all(ApiClient::max_document);
  if (!text) co_return fail(std::move(text.error()));
  auto server = read_server(*text);
  if (!server) {
    RuntimeError error = std::move(server.error());
    error.endpoint = engine->url;
    co_return fail(std::move(error));
  }
  co_return std::move(*server);
}

}  // namespace rollcall::kubernetes
