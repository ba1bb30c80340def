#include "backends/incus/driver.hpp"

#include <utility>

#include <rollcall/options/incus.hpp>

#include "backends/incus/places.hpp"
#include "backends/incus/session.hpp"
#include "core/async/run.hpp"
#include "hostview/path_watch.hpp"

namespace rollcall::incus {

namespace asio = boost::asio;

namespace {

class IncusDriver final : public Driver {
 public:
  explicit IncusDriver(SetupPtr setup) : setup_(std::move(setup)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return setup_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override { return setup_->endpoint.local(); }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    auto api = std::make_unique<Api>(setup_->endpoint, setup_->wire);
    auto server = co_await api->hello();
    if (!server) co_return fail(std::move(server.error()));
    name_ = server->name;
    auto session = std::make_shared<IncusSession>(setup_, std::move(api), std::move(*server));
    auto chosen = co_await session->choose_projects();
    if (!chosen) co_return fail(std::move(chosen.error()));
    if (purpose == Purpose::watch) {
      auto opened = co_await session->open_events();
      if (!opened) co_return fail(std::move(opened.error()));
    }
    co_return std::shared_ptr<Session>(std::move(session));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    if (setup_->endpoint.scheme == Endpoint::Scheme::unix_socket) {
      return wait_for_change_of(setup_->endpoint.path);
    }
    return never();
  }

 private:
  SetupPtr setup_;
  std::string_view name_ = "incus";
};

}  // namespace

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    asio::any_io_executor /*executor*/, EnvPtr env) {
  auto endpoint = parse_endpoint(place.url, default_port);
  if (place.tls) endpoint->tls = *place.tls;
  return make_driver(place, options, std::move(env), Wire::to(*endpoint));
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire) {
  auto setup = std::make_shared<Setup>();
  setup->endpoint = *parse_endpoint(place.url, default_port);
  setup->shown_endpoint = options.alias.empty() ? place.url : options.alias;
  const auto& projects = options.of<IncusOptions>().projects;
  setup->projects = {projects.begin(), projects.end()};
  setup->env = std::move(env);
  setup->log = options.log;
  setup->wire = std::move(wire);
  return std::make_unique<IncusDriver>(std::move(setup));
}

}  // namespace rollcall::incus
