// A real systemd user manager that belongs to the test.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>

#include "conformance/real_backend.hpp"
#include "support/systemd_manager.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class SystemdReal final : public RealBackend {
 public:
  SystemdReal() : RealBackend(RuntimeBackendKind::systemd) {}

  [[nodiscard]] std::string name() const override { return "systemd"; }
  [[nodiscard]] std::string endpoint() const override { return manager_.endpoint(); }

  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    if (ability == Ability::renaming) return "a unit has the name of its file";
    if (ability == Ability::new_ids) return "its name is its id";
    if (ability == Ability::pausing) {
      return "freezing takes control groups of version 2 alone, which not every host has";
    }
    return {};
  }

  // Units of the tests opt in, so that the manager's own units are not shown.
  std::string create(const std::string& name) override {
    return write(name, "ExecStart=/bin/sh -c 'trap \"\" HUP; exec sleep infinity'");
  }
  std::string run(const std::string& name) override {
    std::string id = create(name);
    manager_.systemctl({"start", id});
    return id;
  }
  void stop(const std::string& id) override { manager_.systemctl({"stop", id}); }
  void restart(const std::string& id) override { manager_.systemctl({"restart", id}); }
  void pause(const std::string& /*id*/) override {}
  void unpause(const std::string& /*id*/) override {}
  void rename(const std::string& /*id*/, const std::string& /*name*/) override {}
  void remove(const std::string& id) override {
    manager_.systemctl({"stop", id});
    manager_.remove_unit(id);
    ours_.erase(id);
  }
  void hang_up(const std::string& id) override {
    const bool deaf = support::eventually(10s, [&] { return manager_.runs_as(id, "sleep"); });
    if (!deaf) throw std::runtime_error(id + " does not begin to sleep");
    manager_.systemctl({"kill", "--signal=HUP", id});
  }
  std::string run_crashing(const std::string& name) override {
    std::string id = write(name,
                           "ExecStart=/bin/false\nRestart=always\nRestartSec=300ms\n"
                           "[Unit]\nStartLimitIntervalSec=0");
    manager_.systemctl({"start", id});
    return id;
  }

  // Stops the bus: a manager that dies would take its state with it.
  void kill_engine() override { manager_.stop_bus(); }
  void start_engine() override { manager_.start_bus(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    const std::string path = manager_.room().folder() + "/broken";
    if (fault == ConnectFault::missing) return "unix://" + path;
    if (fault == ConnectFault::not_this_api) {
      other_bus_.emplace(manager_.room().spawn(
          {"dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path=" + path}));
      if (!support::eventually(10s, [&] { return fs::exists(path); })) {
        throw std::runtime_error("dbus-daemon does not start");
      }
      return "unix://" + path;
    }
    // A socket that is closed without an accept leaves its file behind.
    silent_.open();
    silent_.bind(path);
    if (fault == ConnectFault::mute) silent_.listen();
    if (fault == ConnectFault::refused) silent_.close();
    return "unix://" + path;
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    std::map<std::string, std::string> told;
    std::map<std::string, std::string> here;
    for (const auto& [id, it] : instances) {
      told[id] = fmt::format("{} {}", it->name, to_string(it->state));
    }
    for (const std::string& line : manager_.running_services()) {
      const std::string id = line.substr(0, line.find(' '));
      if (!ours_.contains(id)) continue;
      here[id] = fmt::format("{} {}", id.substr(0, id.rfind('.')),
                             line.contains(" auto-restart") ? "restarting" : "running");
    }
    std::vector<std::string> sentences;
    for (const auto& [id, facts] : here) {
      if (told[id] != facts) sentences.push_back(facts + " is told as '" + told[id] + "'");
    }
    for (const auto& [id, facts] : told) {
      if (!here.contains(id)) sentences.push_back(facts + " is a ghost");
    }
    return sentences;
  }

 private:
  std::string write(const std::string& name, const std::string& service) {
    std::string id = name + ".service";
    // The unit is read when it is started: a reload would list all units again.
    manager_.write_unit(id, "[X-Rollcall]\nEnable=yes\n[Service]\n" + service + "\n");
    ours_.insert(id);
    return id;
  }

  boost::asio::io_context nobody_;
  boost::asio::local::stream_protocol::acceptor silent_{nobody_};
  support::SystemdManager manager_;
  std::optional<support::Process> other_bus_;
  std::set<std::string> ours_;
};

}  // namespace

std::unique_ptr<BackendUnderTest> systemd_real() {
  return std::make_unique<SystemdReal>();
}

}  // namespace rollcall::conformance
