#include "backends/kubernetes/driver.hpp"

#include <functional>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <rollcall/options/kubernetes.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/kubernetes/server_info.hpp"
#include "backends/kubernetes/session.hpp"
#include "core/async/run.hpp"
#include "hostview/path_watch.hpp"

namespace rollcall::kubernetes {

namespace asio = boost::asio;

namespace {

using MakeEngine = std::function<EngineStatePtr(Access)>;

class KubernetesDriver final : public Driver {
 public:
  KubernetesDriver(Access access, MakeEngine make_engine, FindAccess find_access)
      : make_engine_(std::move(make_engine)),
        engine_(make_engine_(std::move(access))),
        find_access_(std::move(find_access)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "kubernetes"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return engine_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override {
    return engine_->api.access().endpoint.local();
  }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    if (std::exchange(connected_before_, true)) look_again();
    const EngineStatePtr engine = engine_;
    // Connect anew: one address may lead to several servers.
    engine->api.close_idle();
    auto server = co_await greet(engine);
    if (!server) co_return fail(std::move(server.error()));
    // A single list has no use for a stream.
    const bool streams = purpose == Purpose::watch && server->streams_lists();
    auto executor = co_await asio::this_coro::executor;
    auto observation = std::make_shared<Observation>(engine, purpose, streams, std::move(executor));
    co_return std::make_shared<KubernetesSession>(engine, std::move(observation),
                                                  std::move(server->version));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    const Endpoint& endpoint = engine_->api.access().endpoint;
    if (endpoint.scheme == Endpoint::Scheme::unix_socket) return wait_for_change_of(endpoint.path);
    return never();
  }

  /// The watch is complete, so there is no periodic list.
  [[nodiscard]] Duration resync_period() const noexcept override { return Duration::zero(); }

 private:
  /// Kubeconfigs are rewritten, so our credentials or the proxy may have changed. Another server is
  /// ignored, because everything told so far belongs to this one.
  void look_again() {
    if (!find_access_) return;
    auto access = find_access_();
    if (!access) return keep_access(access.error().describe());
    if (*access == engine_->api.access()) return;
    if (access->url() != engine_->url) {
      return keep_access(
          fmt::format("{} leads to {} now; restart to follow", access->origin, access->url()));
    }
    EngineStatePtr engine = make_engine_(std::move(*access));
    engine->inherit(*engine_);
    engine_ = std::move(engine);
  }

  void keep_access(const std::string& why) const {
    engine_->warn(fmt::format("{}: what was found before still counts: {}", engine_->url, why));
  }

  MakeEngine make_engine_;
  EngineStatePtr engine_;
  FindAccess find_access_;  // Empty: it cannot change.
  bool connected_before_ = false;
};

/// A place that places() has not found is a server without credentials.
Access access_at_place(const Place& place) {
  if (const Access* known = access_of(place)) return *known;
  Access access;
  access.endpoint = *parse_endpoint(place.url, DefaultPorts{});
  if (place.tls) access.endpoint.tls = *place.tls;
  return access;
}

}  // namespace

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    asio::any_io_executor /*executor*/, EnvPtr env) {
  const Endpoint endpoint = access_at_place(place).endpoint;
  return make_driver(place, options, std::move(env),
                     Wire{.connect = {}, .deadlines = Deadlines::for_endpoint(endpoint)});
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire) {
  const auto make_engine = [options, env, wire](Access access) {
    auto engine = std::make_shared<EngineState>(std::move(access), wire, env);
    engine->shown_endpoint = options.alias.empty() ? engine->url : options.alias;
    const auto& own = options.of<KubernetesOptions>();
    engine->namespaces = {own.namespaces.begin(), own.namespaces.end()};
    engine->node = own.node;
    engine->selector = own.selector;
    engine->include_stopped = options.include_stopped;
    engine->log = options.log;
    return engine;
  };
  return std::make_unique<KubernetesDriver>(access_at_place(place), make_engine,
                                            access_finder_of(place));
}

}  // namespace rollcall::kubernetes
