#include "backends/docker_api/driver.hpp"

#include <utility>

#include <fmt/format.h>
#include <rollcall/options/docker.hpp>

#include "backends/docker_api/session.hpp"
#include "core/async/run.hpp"
#include "hostview/path_watch.hpp"
#include "transport/ssh/command.hpp"

namespace rollcall::docker_api {

namespace asio = boost::asio;

namespace {

class DockerDriver final : public Driver {
 public:
  explicit DockerDriver(EngineStatePtr engine) : engine_(std::move(engine)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return engine_->traits().name; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return engine_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override { return engine_->address.endpoint.local(); }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    auto api = std::make_unique<Api>(engine_->address, engine_->env, engine_->wire, engine_->rules);
    auto hello = co_await api->hello();
    if (!hello) co_return fail(std::move(hello.error()));
    if (hello->product != engine_->traits().product) co_return fail(other_product(*hello));
    auto session = std::make_shared<DockerSession>(engine_, std::move(api), std::move(*hello));
    if (purpose == Purpose::watch) {
      auto opened = co_await session->open_events();
      if (!opened) co_return fail(std::move(opened.error()));
    }
    co_return std::shared_ptr<Session>(std::move(session));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    if (engine_->address.endpoint.scheme == Endpoint::Scheme::unix_socket) {
      return wait_for_change_of(engine_->address.endpoint.path);
    }
    return never();
  }

 private:
  [[nodiscard]] RuntimeError other_product(const EngineHello& hello) const {
    return {.kind = ErrorKind::protocol,
            .fault = ConnectFault::not_this_api,
            .endpoint = engine_->address.url(),
            .what = fmt::format("this is {} {}, and not {}", hello.product, hello.version,
                                engine_->traits().product),
            .remedy = "name the runtime that it is: --endpoint podman=URL or docker=URL"};
  }

  EngineStatePtr engine_;
};

}  // namespace

Result<Endpoint> endpoint_of(const Place& place, std::string_view program,
                             std::string_view socket_option) {
  auto address = parse_address(place.url);
  if (!address) return fail(std::move(address.error()));
  Endpoint& endpoint = address->endpoint;
  endpoint.tls = place.tls.value_or(TlsOptions());
  endpoint.ssh.identity = place.ssh_identity;
  const std::string socket =
      endpoint.path.empty()
          ? std::string()
          : fmt::format("{} {} ", socket_option, ssh::quoted("unix://" + endpoint.path));
  endpoint.ssh.command = fmt::format("{} {}system dial-stdio", program, socket);
  return std::move(endpoint);
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    DialectPtr dialect, Wire wire, HostViewPtr view) {
  auto address = parse_address(place.url);
  auto engine =
      std::make_shared<EngineState>(EngineState{.address = *address,
                                                .dialect = std::move(dialect),
                                                .shown_endpoint = place.url,
                                                .include_stopped = options.include_stopped,
                                                .env = std::move(env),
                                                .log = options.log,
                                                .wire = std::move(wire),
                                                .host_ports = HostPorts(std::move(view)),
                                                .rules = rules_of(place),
                                                .read_env = options.of<DockerOptions>().read_env});
  if (!options.alias.empty()) engine->shown_endpoint = options.alias;
  return std::make_unique<DockerDriver>(std::move(engine));
}

}  // namespace rollcall::docker_api
