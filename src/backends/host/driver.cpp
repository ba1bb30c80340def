#include "backends/host/driver.hpp"

#include <optional>
#include <string>
#include <utility>

#include <rollcall/options/host.hpp>
#include <rollcall/options/systemd.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include "backends/host/look.hpp"
#include "core/async/run.hpp"
#include "core/change_queue.hpp"

namespace rollcall::host {
namespace {

namespace asio = boost::asio;

/// The kernel does not signal new listeners, so the stream of changes is a sequence of looks. Each
/// look gives the whole state; nothing else is read.
class HostSession final : public Session {
 public:
  HostSession(const Eyes& eyes, Duration period) : env_(eyes.env), looker_(eyes), period_(period) {}

  /// Takes the first look, which is also the first list.
  Result<void> open() {
    auto looked = look_at({});
    if (!looked) return fail(std::move(looked.error()));
    opened_ = std::move(*looked);
    return {};
  }

  [[nodiscard]] Task<Snapshot> list() override {
    // A later list also finds changes that do not show in the sockets, such as a process that has
    // executed another program.
    if (!opened_) looker_.forget();
    Result<Snapshot> snapshot = opened_ ? *std::exchange(opened_, std::nullopt) : look_at({});
    if (snapshot) {
      told_ = looked_;
      changes_.clear();  // The list includes them.
    }
    co_return snapshot;
  }

  [[nodiscard]] Task<Change> next() override {
    for (;;) {
      if (auto change = changes_.pop()) co_return std::move(*change);
      co_await env_->sleep_for(period_);
      auto now = looker_.look();
      if (!now) co_return fail(std::move(now.error()));
      for (Change& change : changes(told_, *now)) changes_.push(std::move(change));
      told_ = std::move(*now);
    }
  }

  [[nodiscard]] Task<Snapshot> read(std::vector<Touched> touched) override {
    co_return look_at(touched);
  }

  /// The next look is never far, and says more than a probe.
  [[nodiscard]] Task<void> probe() override { co_return Result<void>(); }

  [[nodiscard]] EngineInfo info() const override {
    utsname system{};
    const bool known = ::uname(&system) == 0;
    return {.product = "Linux",
            .version = known ? static_cast<const char*>(system.release) : "",
            .api_version = "",
            .blind_spot = looker_.blind_spot()};
  }

 private:
  /// The instances that were asked for; all if none was named.
  Result<Snapshot> look_at(const std::vector<Touched>& asked) {
    Snapshot snapshot{.readings = {}, .taken_at = env_->now()};
    auto now = looker_.look();
    if (!now) return fail(std::move(now.error()));
    looked_ = std::move(*now);
    for (const Touched& touched : asked) {
      const auto at = looked_.find(touched.id);
      if (at != looked_.end()) snapshot.readings.push_back({.instance = at->second});
    }
    if (!asked.empty()) return snapshot;
    for (const auto& [id, instance] : looked_) snapshot.readings.push_back({.instance = instance});
    return snapshot;
  }

  EnvPtr env_;
  Looker looker_;
  Duration period_;
  std::optional<Snapshot> opened_;  // Kept until the first list.
  InstancesById looked_;            // From the last look.
  InstancesById told_;              // As told by the last list and the changes since.
  ChangeQueue changes_;
};

class HostDriver final : public Driver {
 public:
  HostDriver(Eyes eyes, Duration period) : eyes_(std::move(eyes)), period_(period) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "host"; }
  [[nodiscard]] std::string_view endpoint() const noexcept override { return eyes_.endpoint; }
  [[nodiscard]] bool local() const noexcept override { return true; }

  [[nodiscard]] Task<std::shared_ptr<Session>> connect(Purpose /*purpose*/) override {
    auto session = std::make_shared<HostSession>(eyes_, period_);
    auto opened = session->open();
    if (!opened) co_return fail(std::move(opened.error()));
    co_return std::shared_ptr<Session>(std::move(session));
  }

  [[nodiscard]] asio::awaitable<void> endpoint_changed() override { return never(); }

 private:
  Eyes eyes_;
  Duration period_;
};

}  // namespace

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    asio::any_io_executor /*executor*/, EnvPtr env) {
  return make_driver(place, options, std::move(env), system_host_view(), &look_at_network);
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr view, LookAtNetwork network, ListLimits limits) {
  Eyes eyes{.view = std::move(view),
            .network = std::move(network),
            .env = std::move(env),
            .limits = limits,
            .endpoint = options.alias.empty() ? place.url : options.alias,
            .user_manager = options.of<SystemdOptions>().user_manager,
            .as_root = ::geteuid() == 0,
            .listed_elsewhere = options.listed_elsewhere};
  return std::make_unique<HostDriver>(std::move(eyes), options.of<HostOptions>().look_period);
}

}  // namespace rollcall::host
