#include "backends/systemd/driver.hpp"

#include <filesystem>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <rollcall/options/host.hpp>
#include <rollcall/options/systemd.hpp>

#include "backends/systemd/session.hpp"
#include "hostview/path_watch.hpp"
#include "transport/dbus/address.hpp"

namespace rollcall::systemd {

namespace asio = boost::asio;

namespace {

/// The same check as sd_booted(3).
bool booted_with_systemd() {
  std::error_code ignored;
  return std::filesystem::exists("/run/systemd/system", ignored);
}

class SystemdDriver final : public Driver {
 public:
  explicit SystemdDriver(SetupPtr setup) : setup_(std::move(setup)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "systemd"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override {
    return setup_->shown_endpoint;
  }
  [[nodiscard]] bool local() const noexcept override { return true; }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose purpose) override {
    const auto executor = co_await asio::this_coro::executor;
    auto manager = co_await Manager::connect(setup_->endpoint, setup_->env, setup_->deadlines);
    if (!manager) co_return fail(explained(std::move(manager.error())));
    auto session = std::make_shared<SystemdSession>(setup_, std::move(*manager), executor);
    if (purpose == Purpose::watch) {
      auto opened = co_await session->open();
      if (!opened) co_return fail(std::move(opened.error()));
    }
    co_return std::shared_ptr<Session>(std::move(session));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override {
    return wait_for_change_of(setup_->endpoint.path);
  }

 private:
  /// The causes of a missing bus differ from those of a missing engine, so replace the remedy.
  [[nodiscard]] static RuntimeError explained(RuntimeError error) {
    if (error.fault == ConnectFault::missing && !booted_with_systemd()) {
      error.what = "there is no message bus, and this host was not booted with systemd";
      error.remedy = "name the bus of a systemd manager with --endpoint systemd=unix:path=…";
    } else if (error.fault == ConnectFault::missing) {
      error.what = "there is no message bus";
      error.remedy =
          "start it (`systemctl start dbus.socket`), or name another with "
          "--endpoint systemd=unix:path=…";
    }
    return error;
  }

  SetupPtr setup_;
};

}  // namespace

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    asio::any_io_executor /*executor*/, EnvPtr env) {
  return make_driver(place, options, std::move(env), system_host_view(), Deadlines{});
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr host, Deadlines deadlines, ListLimits limits) {
  auto endpoint = parse_dbus_address(place.url);
  auto setup = std::make_shared<Setup>();
  setup->endpoint = std::move(*endpoint);
  setup->shown_endpoint = options.alias.empty() ? place.url : options.alias;
  setup->types = {"service"};
  const auto& own = options.of<SystemdOptions>();
  setup->types.insert(own.unit_types.begin(), own.unit_types.end());
  setup->all_units = own.all_units;
  setup->include_stopped = options.include_stopped;
  setup->look_period = options.of<HostOptions>().look_period;
  setup->deadlines = deadlines;
  setup->limits = limits;
  setup->host = std::move(host);
  setup->env = std::move(env);
  setup->log = options.log;
  return std::make_unique<SystemdDriver>(std::move(setup));
}

}  // namespace rollcall::systemd
