#include "backends/kubernetes/driver.hpp"

#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "backends/kubernetes/access.hpp"
#include "backends/kubernetes/server.hpp"
#include "backends/kubernetes/session.hpp"
#include "transport/path_watch.hpp"

namespace rollcall::kubernetes {

namespace asio = boost::asio;

namespace {

class KubernetesDriver final : public Driver {
 public:
  explicit KubernetesDriver(EnginePtr engine) : engine_(std::move(engine)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "kubernetes"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return engine_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override { return engine_->endpoint_is_socket(); }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    const EnginePtr engine = engine_;
    auto server = co_await greet(engine);
    if (!server) co_return fail(std::move(server.error()));
    engine->streams_lists = engine->streams_lists && server->streams_lists();
    auto executor = co_await asio::this_coro::executor;
    auto observation = std::make_shared<Observation>(engine, purpose, std::move(executor));
    co_return std::make_shared<KubernetesSession>(engine, std::move(observation),
                                                  std::move(server->version));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    const Endpoint& endpoint = engine_->api.access().endpoint;
    if (endpoint.scheme == Endpoint::Scheme::unix_socket) return wait_for_change_of(endpoint.path);
    return wait_for_ever();
  }

  /// The watch is the truth.
  [[nodiscard]] Duration resync_period() const noexcept override { return Duration::zero(); }

 private:
  static asio::awaitable<void> wait_for_ever() {
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
  }

  EnginePtr engine_;
};

}  // namespace
