// A scripted systemd manager.
#include <set>
#include <utility>

#include <fmt/format.h>
#include <rollcall/options/systemd.hpp>

#include "assembly/candidates_driver.hpp"
#include "backends/systemd/driver.hpp"
#include "conformance/backend_under_test.hpp"
#include "engine/reflector.hpp"
#include "support/scripted_host.hpp"
#include "support/scripted_systemd.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::ScriptedSystemd;
using test::ScriptedUnit;

constexpr Duration moment = 5ms;
constexpr std::chrono::milliseconds patience{1};

class SystemdScripted final : public BackendUnderTest {
 public:
  SystemdScripted() { env_->tick = 1us; }

  [[nodiscard]] std::unique_ptr<RuntimeBackend> make(MakeOptions options) override {
    const std::string url = options.endpoint.empty() ? endpoint() : options.endpoint;
    BackendOptions backend;
    backend.include_stopped = options.include_stopped;
    backend.of<SystemdOptions>().all_units = true;
    backend.log = options.log;
    std::unique_ptr<Driver> driver = make_driver(url, backend);
    if (options.automatic) {
      std::vector<std::unique_ptr<Driver>> drivers;
      drivers.push_back(make_driver("unix:///nonexistent/rollcall.sock", backend));
      drivers.push_back(std::move(driver));
      driver = CandidatesDriver::places("auto", std::move(drivers));
    }
    return std::make_unique<Reflector>(
        std::move(driver), io_.get_executor(), env_,
        ReflectorOptions{.include_stopped = options.include_stopped, .log = options.log});
  }

  [[nodiscard]] std::string name() const override { return "systemd"; }
  [[nodiscard]] std::string endpoint() const override { return systemd_.url(); }
  [[nodiscard]] boost::asio::io_context& io() override { return io_; }

  void let_pass() override {
    settle();
    env_->advance(moment);
    io_.restart();
    io_.run_one_for(patience);  // Deadlines of sockets are real.
    settle();
  }

  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    if (ability == Ability::renaming) return "a unit has the name of its file";
    if (ability == Ability::new_ids) return "its name is its id";
    return {};
  }

  std::string create(const std::string& name) override {
    std::string id = name + ".service";
    ScriptedUnit& unit = systemd_.units[id];
    unit.active_state = "inactive";
    unit.sub_state = "dead";
    return id;
  }
  std::string run(const std::string& name) override {
    std::string id = create(name);
    begin(id);
    return id;
  }
  void stop(const std::string& id) override { end(id); }
  void restart(const std::string& id) override {
    ScriptedUnit& unit = systemd_.units.at(id);
    unit.job_type = "restart";
    systemd_.tell_changed(id);
    unit.active_state = "deactivating";
    systemd_.tell_changed(id);
    unit.active_state = "inactive";
    unit.job_type = "start";
    systemd_.tell_changed(id);
    begin(id);
  }
  void pause(const std::string& id) override { freeze(id, "frozen"); }
  void unpause(const std::string& id) override { freeze(id, "running"); }
  void rename(const std::string& /*id*/, const std::string& /*name*/) override {}
  void remove(const std::string& id) override {
    end(id);
    systemd_.units.erase(id);
    systemd_.tell_removed(id);
  }
  void hang_up(const std::string& id) override { systemd_.tell_changed(id); }
  std::string run_crashing(const std::string& name) override {
    std::string id = run(name);
    ScriptedUnit& unit = systemd_.units.at(id);
    unit.active_state = "activating";
    unit.sub_state = "auto-restart";
    unit.result = "exit-code";
    systemd_.tell_changed(id);
    return id;
  }

  void kill_engine() override {
    systemd_.refuse();
    systemd_.drop_connections();
  }
  void start_engine() override { systemd_.listen(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) systemd_.hide();
    if (fault == ConnectFault::refused) systemd_.refuse();
    if (fault == ConnectFault::mute) systemd_.fill_backlog();
    if (fault == ConnectFault::not_this_api) systemd_.systemd_is_there = false;
    return endpoint();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::set<std::string> told;
    std::set<std::string> here;
    for (const auto& [id, it] : instances) {
      told.insert(fmt::format("{} {} {}", id, to_string(it->state), it->run.substr(0, 2)));
    }
    for (const auto& [id, unit] : systemd_.units) {
      if (unit.active_state != "active" && unit.active_state != "activating") continue;
      const std::string_view state = unit.sub_state == "auto-restart" ? "restarting"
                                     : unit.freezer_state == "frozen" ? "paused"
                                                                      : "running";
      here.insert(fmt::format("{} {} {:02x}", id, state, unit.invocation));
    }
    std::vector<std::string> sentences;
    for (const std::string& facts : here) {
      if (!told.contains(facts)) sentences.push_back(facts + " is missing");
    }
    for (const std::string& facts : told) {
      if (!here.contains(facts)) sentences.push_back(facts + " is a ghost");
    }
    return sentences;
  }

 private:
  std::unique_ptr<Driver> make_driver(const std::string& url, const BackendOptions& options) {
    return systemd::make_driver({url, "test"}, options, env_, host_, Deadlines{}, limits);
  }

  void settle() {
    std::size_t ran = 1;
    while (ran > 0) {
      engine_io_.restart();
      io_.restart();
      ran = engine_io_.poll() + io_.poll();
    }
  }

  void begin(const std::string& id) {
    ScriptedUnit& unit = systemd_.units.at(id);
    unit.active_state = "active";
    unit.sub_state = "running";
    unit.freezer_state = "running";
    unit.job_type = "";
    unit.invocation = ++last_run_;
    systemd_.tell_changed(id);
  }

  void end(const std::string& id) {
    ScriptedUnit& unit = systemd_.units.at(id);
    unit.active_state = "inactive";
    unit.sub_state = "dead";
    systemd_.tell_changed(id);
  }

  void freeze(const std::string& id, const std::string& state) {
    systemd_.units.at(id).freezer_state = state;
    systemd_.tell_changed(id);
  }

  boost::asio::io_context engine_io_;
  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  ScriptedSystemd systemd_{engine_io_};
  std::uint8_t last_run_ = 0;
};

}  // namespace

std::unique_ptr<BackendUnderTest> systemd_scripted() {
  return std::make_unique<SystemdScripted>();
}

}  // namespace rollcall::conformance
