#include "live/systemd_live.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <rollcall/options/host.hpp>
#include <rollcall/options/systemd.hpp>

namespace rollcall::support {

using namespace std::chrono_literals;
using testing::IsEmpty;

void SystemdLive::start(SystemdManager::Kind kind) {
  manager_.emplace(kind);
  watch(true);
}

void SystemdLive::watch_the_default_view() {
  manager_.emplace();
  watch(false);
}

void SystemdLive::watch(bool all_units) {
  sees_all_ = all_units;
  BackendOptions options;
  options.endpoint = manager_->endpoint();
  options.of<SystemdOptions>().all_units = all_units;
  options.of<HostOptions>().look_period = 200ms;
  // The thread must see the sockets of the services' network.
  watched_.emplace(RuntimeBackendKind::systemd, std::move(options),
                   [this] { manager_->join_network(); });
  watched_->watch();
  ASSERT_TRUE(watched_->wait_synced());
}

void SystemdLive::TearDown() {
  if (!watched_) return;
  if (sees_all_) expect_agreement();
  const auto ended = watched_->cancel(1s);
  ASSERT_TRUE(ended.has_value()) << "the watch does not end within a second";
  EXPECT_TRUE(ended->has_value()) << ended->error();
  EXPECT_THAT(watched_->fold().breaches(), IsEmpty()) << transcript(watched_->fold());
}

void SystemdLive::run_server(const std::string& unit, int port, const std::string& more) {
  manager().write_unit(unit, fmt::format("[Unit]\nDescription=A server\n[Service]\n"
                                         "ExecStart=/bin/busybox httpd -f -p "
                                         "127.0.0.1:{}\n{}\n",
                                         port, more));
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", unit});
}

void SystemdLive::write_sleeper(const std::string& unit, const std::string& more) {
  manager().write_unit(unit, "[Service]\nExecStart=/bin/sleep infinity\n" + more + "\n");
}

std::vector<std::string> SystemdLive::told() const {
  std::vector<std::string> ids;
  for (const auto& [id, instance] : watched_->fold().running()) ids.push_back(id);
  return ids;
}

void SystemdLive::expect_agreement() {
  std::vector<std::string> here;
  const bool agrees = eventually(20s, [&] {
    here.clear();
    for (const std::string& line : manager().running_services()) {
      here.push_back(line.substr(0, line.find(' ')));
    }
    std::ranges::sort(here);
    return told() == here;
  });
  if (!agrees) {
    EXPECT_EQ(told(), here) << transcript(watched_->fold());
  }
}

bool SystemdLive::becomes(const std::string& id,
                          const std::function<bool(const Instance&)>& condition) {
  return watched_->wait_until([&](const CheckedFold& fold) {
    const auto found = fold.running().find(id);
    return found != fold.running().end() && condition(*found->second);
  });
}

bool SystemdLive::starts(const std::string& id) {
  return becomes(id, [](const Instance&) { return true; });
}

bool SystemdLive::stops(const std::string& id) {
  return watched_->wait_until(
      [&](const CheckedFold& fold) { return !fold.running().contains(id); });
}

bool SystemdLive::serves(const std::string& id, int port, PortScope scope) {
  return becomes(id, [&](const Instance& instance) {
    return std::ranges::any_of(instance.ports, [&](const PortMapping& it) {
      return it.container_port == port && it.scope == scope;
    });
  });
}

void SystemdLive::pass_a_marker() {
  manager().write_unit("marker.service",
                       "[Service]\nExecStart=/bin/sleep infinity\n[X-Rollcall]\nName=marker\n");
  manager().systemctl({"start", "marker.service"});
  ASSERT_TRUE(starts("marker.service"));
  manager().systemctl({"stop", "marker.service"});
  ASSERT_TRUE(stops("marker.service"));
}

}  // namespace rollcall::support
