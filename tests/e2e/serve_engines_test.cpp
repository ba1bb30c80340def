// One daemon that watches real engines of every runtime at once, and a real Prometheus beside it.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/daemon_process.hpp"
#include "support/dockerd.hpp"
#include "support/engine_view.hpp"
#include "support/incus_server.hpp"
#include "support/kubernetes_cluster.hpp"
#include "support/listening.hpp"
#include "support/paths.hpp"
#include "support/podman.hpp"
#include "support/systemd_manager.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;

/// The actions on an engine, and the differences between its instances and the daemon's list.
struct EngineInHand {
  std::string runtime;
  std::function<void()> kill;
  std::function<void()> start;
  std::function<void(int number)> change;
  std::function<std::vector<std::string>(const std::map<std::string, InstancePtr>&)> differences;
  bool up = true;
};

/// Starts a container, and removes an earlier one.
void change_containers(const DockerApi& api, int number) {
  api.run({.name = fmt::format("c{}", number)});
  if (number > 1) api.remove(fmt::format("c{}", number - 2));
}

std::vector<std::string> systemd_differences(const std::map<std::string, InstancePtr>& instances,
                                             const SystemdManager& manager) {
  std::vector<std::string> told;
  for (const auto& [id, instance] : instances) told.push_back(id);
  std::vector<std::string> here;
  for (const std::string& line : manager.running_services()) {
    here.push_back(line.substr(0, line.find(' ')));
  }
  std::ranges::sort(here);
  if (told == here) return {};
  return {fmt::format("told {}, and there are {}", fmt::join(told, " "), fmt::join(here, " "))};
}

class ServeEngines : public ::testing::Test {
 protected:
  ServeEngines() {
    for (const char* unit : {"u0.service", "u1.service", "u2.service", "u3.service"}) {
      systemd_.write_unit(unit, "[Service]\nExecStart=/bin/sleep infinity\n");
    }
    systemd_.systemctl({"daemon-reload"});
    engines_ = {
        {.runtime = "docker",
         .kill = [this] { docker_.kill9(); },
         .start = [this] { docker_.start(); },
         .change = [this](int number) { change_containers(docker_.api(), number); },
         .differences = [this](const auto& told) { return differences(told, docker_.api()); }},
        {.runtime = "podman",
         .kill = [this] { podman_.kill9(); },
         .start = [this] { podman_.start(); },
         .change = [this](int number) { change_containers(podman_.api(), number); },
         .differences =
             [this](const auto& told) { return podman_differences(told, podman_.api()); }},
        {.runtime = "incus",
         .kill = [this] { incus_.kill9(); },
         .start = [this] { incus_.start(); },
         .change =
             [this](int number) {
               incus_.run({.name = fmt::format("i{}", number)});
               if (number > 1) incus_.remove(fmt::format("default/i{}", number - 2));
             },
         .differences = [this](const auto& told) { return incus_differences(told, incus_); }},
        {.runtime = "systemd",
         .kill = [this] { systemd_.kill_bus(); },
         .start = [] {},  // it comes back by itself
         .change =
             [this](int number) {
               systemd_.systemctl({number % 2 == 0 ? "start" : "stop",
                                   fmt::format("u{}.service", number / 2 % 4)});
             },
         .differences = [this](const auto& told) { return systemd_differences(told, systemd_); }},
        {.runtime = "kubernetes",
         .kill = [this] { kubernetes_.kill9(); },
         .start = [this] { kubernetes_.start(); },
         .change =
             [this](int number) {
               pods_.push_back(kubernetes_.api().run({.name = fmt::format("p{}", number)}));
               if (number > 1) kubernetes_.api().remove(pods_.at(pods_.size() - 3));
             },
         .differences =
             [this](const auto& told) { return kubernetes_differences(told, kubernetes_.api()); }},
    };
    // The API server of Kubernetes is in a network namespace of its own; this proxy leads there.
    door_.emplace(kubernetes_.proxy("admin", door_path()));
  }
  [[nodiscard]] std::string door_path() const { return kubernetes_.room().folder() + "/door"; }

  void expect_agreement(const DaemonProcess& daemon) {
    for (const EngineInHand& engine : engines_) {
      std::vector<std::string> differ;
      const bool agrees = eventually(40s, [&] {
        differ = engine.differences(daemon.instances(engine.runtime));
        return differ.empty();
      });
      EXPECT_TRUE(agrees) << engine.runtime << ": " << fmt::format("{}\n", fmt::join(differ, "\n"))
                          << daemon.get("/v1/status").body << daemon.log();
    }
  }

  Dockerd docker_;
  Podman podman_;
  SystemdManager systemd_;
  IncusServer incus_;
  KubernetesCluster kubernetes_;
  std::vector<Pod> pods_;
  std::optional<Process> door_;
  std::vector<EngineInHand> engines_;
};

TEST_F(ServeEngines, killed_and_started_in_any_order_are_in_the_end_as_they_say_themselves) {
  DaemonProcess daemon({}, nowhere());
  daemon.configure(fmt::format(
      "engines:\n- {{runtime: docker, endpoint: '{}'}}\n- {{runtime: podman, endpoint: '{}', "
      "alias: pods}}\n- {{runtime: incus, endpoint: '{}'}}\n- {{runtime: systemd, endpoint: "
      "'{}'}}\n- {{runtime: kubernetes, endpoint: 'unix://{}'}}\n"
      "runtimes: [host]\nsystemd: {{user: true, all_units: true}}\n",
      docker_.endpoint(), podman_.endpoint(), incus_.endpoint(), systemd_.endpoint(), door_path()));
  daemon.start();
  const Capture told;
  Process watch({ROLLCALL_COMMAND, "watch", "-o", "jsonl", "--server", daemon.socket()},
                {.in = -1, .out = told.fd(), .err = -1});

  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 4; ++round) {
    std::ranges::shuffle(engines_, random);
    for (EngineInHand& engine : engines_) {
      if (!engine.up) engine.start();
      engine.up = true;
      engine.change(round);
      if (random() % 2 == 0) continue;
      engine.kill();
      engine.up = engine.runtime == "systemd";
    }
  }
  for (EngineInHand& engine : engines_) {
    if (!engine.up) engine.start();
  }
  expect_agreement(daemon);

  // A client that watched the daemon has the same state: its lines fold to the daemon's list.
  const auto keys_of_list = [&daemon] {
    std::vector<std::string> keys;
    const auto list = daemon.json("/v1/instances?fields=key");
    for (const auto& instance : list.at("instances").as_array()) {
      keys.push_back(boost::json::serialize(instance.at("key")));
    }
    std::ranges::sort(keys);
    return keys;
  };
  const auto folded = [&told] {
    std::map<std::string, int> keys;
    const std::string text = told.text();
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1) {
      const auto event = boost::json::parse(text.substr(at, end - at));
      const auto& type = event.at("type").as_string();
      if (type == "stopped") keys.erase(boost::json::serialize(event.at("key")));
      if (type == "started" || type == "updated") {
        keys[boost::json::serialize(event.at("instance").at("key"))] = 1;
      }
    }
    std::vector<std::string> all;
    for (const auto& [key, one] : keys) all.push_back(key);
    return all;
  };
  EXPECT_TRUE(eventually(20s, [&] { return folded() == keys_of_list(); }));
  ASSERT_TRUE(daemon.terminate());
  EXPECT_EQ(daemon.ends(0ms), (ExitStatus{.code = 0, .signal = 0}));
}

// ---- Prometheus

/// Answers every request with one metric.
class MetricsServer {
 public:
  MetricsServer() {
    folder_.write("metrics", "rollcall_test_metric 42\n");
    port_ = port_of(listen_at("127.0.0.1"));
    process_.emplace(std::vector<std::string>{"python3", "-m", "http.server", "--bind", "127.0.0.1",
                                              "--directory", folder_.path(),
                                              fmt::format("{}", port_)});
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  TempFolder folder_;
  std::uint16_t port_ = 0;
  std::optional<Process> process_;
};

TEST(ServePrometheus, scrapes_what_it_finds_by_http_sd) {
  const MetricsServer metrics;
  DaemonProcess daemon({"host", "--look-period", "500ms"}, nowhere());
  daemon.start();
  ASSERT_TRUE(daemon.lists("http.server"));

  const std::uint16_t port = port_of(listen_at("127.0.0.1"));
  // Only the server that this test has started is scraped, of all that listen on this host.
  daemon.folder().write(
      "prometheus.yml",
      fmt::format("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n"
                  "- job_name: rollcall\n  http_sd_configs:\n"
                  "  - {{url: '{}/v1/sd/prometheus', refresh_interval: 1s}}\n"
                  "  relabel_configs:\n"
                  "  - {{source_labels: [__meta_rollcall_port], regex: '{}', action: keep}}\n"
                  "  - {{source_labels: [__meta_rollcall_name], target_label: found_as}}\n",
                  daemon.url(), metrics.port()));
  const Capture log;
  const Process prometheus(
      {"prometheus", "--config.file=" + (daemon.folder().path() / "prometheus.yml").string(),
       "--storage.tsdb.path=" + (daemon.folder().path() / "tsdb").string(),
       fmt::format("--web.listen-address=127.0.0.1:{}", port)},
      {.in = -1, .out = log.fd(), .err = log.fd()});
  std::string answer;
  const bool scraped = eventually(40s, [&] {
    answer = daemon
                 .get(fmt::format("http://127.0.0.1:{}/api/v1/query?query="
                                  "rollcall_test_metric%7Bfound_as%3D%22http.server%22%7D",
                                  port))
                 .body;
    return answer.contains("\"42\"");
  });
  EXPECT_TRUE(scraped) << answer << log.text();
}

}  // namespace
}  // namespace rollcall::support
