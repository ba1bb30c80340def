#include "documents/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Standing standing() {
  SourceStatus docker;
  docker.id = 1;
  docker.kind = RuntimeBackendKind::docker;
  docker.name = "docker";
  docker.endpoint = "unix:///run/docker.sock";
  docker.state = SourceState::ready;
  docker.since = Timestamp(10s);
  docker.last_event = Timestamp(20s);
  docker.last_sync = Timestamp(1500ms);
  docker.synced_once = true;
  docker.instances = 3;
  docker.counters = {.events = 5, .connects = 2, .reconnects = 1, .drops = 1, .lists = 2};
  SourceStatus podman;
  podman.id = 2;
  podman.kind = RuntimeBackendKind::podman;
  podman.name = "podman";
  podman.endpoint = "a \"b\"\\\n";
  podman.named = true;
  podman.state = SourceState::backing_off;
  podman.reason = "unix:///run/podman.sock: no such socket";
  podman.next_try = Timestamp(100s);
  podman.stale_since = Timestamp(90s);
  podman.failed_once = true;
  podman.counters = {.failures = 7, .protocol_errors = 1};
  return {
      .version = "0.1.0",
      .now = Timestamp(93s),
      .up = 3500ms,
      .settled = true,
      .instances = 3,
      .cursor = {.epoch = 7, .sequence = 12},
      .oldest = {.epoch = 7, .sequence = 2},
      .log = {.entries = 10, .bytes = 4096, .subscribers = 2, .furthest_behind = 4, .lagged = 1},
      .server = {.connections = 4, .in_flight = 1, .subscribers = 2, .requests = 99},
      .sources = {docker, podman}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Metrics, TellHowAllStands) {
  const std::string text = metrics_text(standing());
  const std::string docker = R"({backend="docker",endpoint="unix:///run/docker.sock"})";
  const std::string podman = R"({backend="podman",endpoint="a \"b\"\\\n"})";
  for (const std::string& line :
       {std::string("rollcall_build_info{version=\"0.1.0\"} 1"),
        std::string("rollcall_uptime_seconds 3.5"), std::string("rollcall_settled 1"),
        std::string("rollcall_instances 3"), std::string("rollcall_changes_total 12"),
        std::string("rollcall_log_bytes 4096"), std::string("rollcall_subscriber_lag_changes 4"),
        std::string("rollcall_http_requests_total 99"),
        "rollcall_backend_connected" + docker + " 1", "rollcall_backend_connected" + podman + " 0",
        "rollcall_backend_stale_seconds" + podman + " 3",
        "rollcall_backend_last_sync_timestamp_seconds" + docker + " 1.5",
        "rollcall_backend_failures_total" + podman + " 7"}) {
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  }
}

// The format of Prometheus: each metric in one block, its help and type once and first, no series
// twice.
TEST(Metrics, AreWellFormed) {
  Standing twins = standing();
  twins.sources[1].name = twins.sources[0].name;
  twins.sources[1].endpoint = twins.sources[0].endpoint;
  std::set<std::string> series;
  std::set<std::string> blocks;
  std::string block;
  for (const std::string& line : lines_of(metrics_text(twins))) {
    std::istringstream words(line);
    std::string hash;
    std::string word;
    std::string name;
    if (line.starts_with('#')) {
      words >> hash >> word >> name;
      if (word == "HELP") {
        EXPECT_TRUE(blocks.insert(name).second) << name;
        block = name;
      }
      EXPECT_EQ(name, block);
      continue;
    }
    name = line.substr(0, line.find_first_of("{ "));
    EXPECT_EQ(name, block);
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_EQ(blocks.size(), metric_table().size());
}

TEST(Metrics, AreNamedByTheRulesOfPrometheus) {
  std::set<std::string_view> names;
  for (const Metric& metric : metric_table()) {
    EXPECT_TRUE(metric.name.starts_with("rollcall_")) << metric.name;
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(metric.type == "counter", metric.name.ends_with("_total")) << metric.name;
    EXPECT_TRUE(metric.help.ends_with('.')) << metric.name;
  }
}

TEST(Metrics, AreThoseOfTheTableInTheDocumentation) {
  std::ifstream page(std::string(ROLLCALL_SOURCE_DIR) + "/docs/metrics.md");
  ASSERT_TRUE(page);
  std::vector<std::string> documented;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `rollcall_")) documented.push_back(line);
  }
  std::vector<std::string> written;
  for (const Metric& metric : metric_table()) {
    written.push_back("| `" + std::string(metric.name) + "` | " + std::string(metric.type) + " | " +
                      std::string(metric.help) + " |");
  }
  EXPECT_EQ(documented, written);
}

TEST(Status, TellsHowAllStands) {
  const boost::json::value status = boost::json::parse(status_text(standing()));
  EXPECT_EQ(status.at("version").as_string(), "0.1.0");
  EXPECT_EQ(status.at("uptime_seconds").as_int64(), 3);
  EXPECT_EQ(status.at("cursor").as_string(), "7-12");
  EXPECT_EQ(status.at("log").at("oldest").as_string(), "7-2");
  EXPECT_TRUE(status.at("settled").as_bool());
  const boost::json::object& docker = status.at("backends").as_array().at(0).as_object();
  EXPECT_EQ(docker.at("state").as_string(), "ready");
  EXPECT_EQ(docker.at("last_event").as_string(), "1970-01-01T00:00:20Z");
  EXPECT_EQ(docker.at("counters").at("events").as_int64(), 5);
  EXPECT_FALSE(docker.contains("reason")) << "absent rather than empty";
  const boost::json::object& podman = status.at("backends").as_array().at(1).as_object();
  EXPECT_EQ(podman.at("state").as_string(), "backing_off");
  EXPECT_EQ(podman.at("reason").as_string(), "unix:///run/podman.sock: no such socket");
  EXPECT_EQ(podman.at("next_try").as_string(), "1970-01-01T00:01:40Z");
  EXPECT_EQ(podman.at("stale_since").as_string(), "1970-01-01T00:01:30Z");
  EXPECT_FALSE(podman.contains("last_sync"));
}

}  // namespace
}  // namespace rollcall::server
