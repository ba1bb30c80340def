#include "documents/prometheus_sd.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"
#include "core/labels/metadata.hpp"
#include "support/paths.hpp"

namespace rollcall::server {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

Instance web() {
  Instance instance;
  instance.key = {"docker", "unix:///run/docker.sock", "0123"};
  instance.name = "web";
  instance.state = InstanceState::running;
  instance.image = "nginx:1";
  instance.addresses = {{.ip = "172.17.0.2", .network = "bridge", .family = AddressFamily::ipv4}};
  instance.ports = {{.host_ip = {}, .host_port = 0, .container_port = 80, .name = {}}};
  return instance;
}

Instance with_labels(Instance instance, const std::vector<Labels::Entry>& labels) {
  instance.labels = Labels(labels);
  instance.metadata = read_metadata(instance.labels).metadata;
  return instance;
}

json::array groups(const Instance& instance, const ScrapeView& view = {}) {
  const std::vector<InstancePtr> all = {std::make_shared<const Instance>(instance)};
  return json::parse(prometheus_targets(all, view).text).as_array();
}

std::vector<std::string> targets(const Instance& instance, const ScrapeView& view = {}) {
  std::vector<std::string> all;
  for (const json::value& group : groups(instance, view)) {
    EXPECT_EQ(group.as_object().size(), 2U);
    for (const json::value& target : group.at("targets").as_array()) {
      all.emplace_back(target.as_string());
    }
  }
  return all;
}

std::string label(const json::array& groups, std::string_view name) {
  const json::value* found = groups.at(0).at("labels").as_object().if_contains(name);
  return found != nullptr ? std::string(found->as_string()) : "(none)";
}

TEST(PrometheusTargets, OfNothingAreAnEmptyList) {
  EXPECT_EQ(prometheus_targets({}, {}).text, "[]");
}

TEST(PrometheusTargets, AreAllTcpPortsWithWhatIsKnownOfThem) {
  Instance instance = web();
  instance.group = "shop";
  instance.ports.push_back(
      {.host_ip = {}, .container_port = 53, .protocol = Protocol::udp, .name = {}});
  const json::array all = groups(instance);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("targets").as_array()[0].as_string(), "172.17.0.2:80");
  EXPECT_EQ(label(all, "__meta_rollcall_backend"), "docker");
  EXPECT_EQ(label(all, "__meta_rollcall_endpoint"), "unix:///run/docker.sock");
  EXPECT_EQ(label(all, "__meta_rollcall_name"), "web");
  EXPECT_EQ(label(all, "__meta_rollcall_group"), "shop");
  EXPECT_EQ(label(all, "__meta_rollcall_port"), "80");
  EXPECT_EQ(label(all, "__meta_rollcall_port_type"), "_http._tcp");
  EXPECT_EQ(label(all, "__meta_rollcall_reach"), "own_address");
  EXPECT_EQ(label(all, "__meta_rollcall_node"), "(none)");
}

TEST(PrometheusTargets, OfPublishedPortsAreWhereTheClientFindsThem) {
  Instance instance = web();
  instance.ports[0].host_ip = "0.0.0.0";
  instance.ports[0].host_port = 8080;
  instance.ports[0].scope = PortScope::published;
  EXPECT_THAT(targets(instance), ElementsAre("127.0.0.1:8080"));
  EXPECT_THAT(targets(instance, {.from = Vantage::container_network, .host = "h"}),
              ElementsAre("172.17.0.2:80"));
  EXPECT_THAT(targets(instance, {.from = Vantage::elsewhere, .host = "server.example"}),
              ElementsAre("server.example:8080"));
  EXPECT_THAT(targets(instance, {.from = Vantage::elsewhere, .host = "2001:db8::1"}),
              ElementsAre("[2001:db8::1]:8080"));
  EXPECT_THAT(targets(instance, {.from = Vantage::elsewhere, .host = "[2001:db8::1]"}),
              ElementsAre("[2001:db8::1]:8080"));
  EXPECT_THAT(targets(web(), {.from = Vantage::elsewhere, .host = "h"}), IsEmpty())
      << "it is not published";
}

TEST(PrometheusTargets, OfASharedNetworkAreToldOnce) {
  const auto owner = std::make_shared<Instance>(web());
  const auto joiner = std::make_shared<Instance>(web());
  joiner->key.id = "4567";
  joiner->network_mode = NetworkMode::joined;
  joiner->network_owner = owner->key.id;
  joiner->ports.push_back({.host_ip = {}, .container_port = 99, .name = {}});
  std::vector<InstancePtr> all = {joiner, owner};
  const auto told = [&all] {
    std::vector<std::string> lines;
    for (const json::value& group : json::parse(prometheus_targets(all, {}).text).as_array()) {
      lines.push_back(std::string(group.at("targets").as_array().at(0).as_string()) + " of " +
                      std::string(group.at("labels").at("__meta_rollcall_id").as_string()));
    }
    std::ranges::sort(lines);
    return lines;
  };
  EXPECT_THAT(told(), ElementsAre("172.17.0.2:80 of 0123", "172.17.0.2:99 of 4567"));
  owner->state = InstanceState::paused;
  EXPECT_THAT(told(), ElementsAre("172.17.0.2:80 of 4567", "172.17.0.2:99 of 4567"));
  owner->state = InstanceState::running;
  all[0] = std::make_shared<const Instance>(
      with_labels(*joiner, {{"prometheus.io/scrape", "true"}, {"prometheus.io/port", "80"}}));
  EXPECT_THAT(told(), ElementsAre("172.17.0.2:80 of 4567"));
}

TEST(PrometheusTargets, HaveIpv6AddressesInBrackets) {
  Instance instance = web();
  instance.addresses = {{.ip = "fd00::2", .network = "bridge", .family = AddressFamily::ipv6}};
  EXPECT_THAT(targets(instance), ElementsAre("[fd00::2]:80"));
}

TEST(PrometheusTargets, AreWhatAnnotationsSay) {
  const Instance instance = with_labels(web(), {{"prometheus.io/scrape", "true"},
                                                {"prometheus.io/port", "9102"},
                                                {"prometheus.io/path", "/stats"},
                                                {"prometheus.io/scheme", "https"}});
  const json::array all = groups(instance);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(targets(instance), ElementsAre("172.17.0.2:9102"));
  EXPECT_EQ(label(all, "__metrics_path__"), "/stats");
  EXPECT_EQ(label(all, "__scheme__"), "https");
  EXPECT_EQ(label(all, "__meta_rollcall_scrape"), "true");
  EXPECT_EQ(label(all, "__meta_rollcall_label_prometheus_io_path"), "/stats");
  EXPECT_EQ(label(all, "__meta_rollcall_labelpresent_prometheus_io_path"), "true");
}

TEST(PrometheusTargets, HaveTheQueryOfTheirPathAsParameters) {
  const auto with_path = [](std::string_view path) {
    return groups(with_labels(web(), {{"prometheus.io/path", std::string(path)}}));
  };
  const json::array all = with_path("/v1/metrics?format=prometheus&x=a%20b+c&empty=&bare#part");
  EXPECT_EQ(label(all, "__metrics_path__"), "/v1/metrics");
  EXPECT_EQ(label(all, "__param_format"), "prometheus");
  EXPECT_EQ(label(all, "__param_x"), "a b c");
  EXPECT_EQ(label(all, "__param_empty"), "");
  EXPECT_EQ(label(all, "__param_bare"), "");

  const json::array odd = with_path("/a%2fb+c%zz?a=1&a=2&match[]=up&&=x&%61b=%e4&c=%4");
  EXPECT_EQ(label(odd, "__metrics_path__"), "/a/b+c%zz")
      << "a plus is one, what is no escape stays";
  EXPECT_EQ(label(odd, "__param_a"), "1");
  EXPECT_EQ(label(odd, "__param_match[]"), "(none)") << "Prometheus refuses such labels";
  EXPECT_EQ(label(odd, "__param_"), "(none)");
  EXPECT_EQ(label(odd, "__param_ab"), "\ufffd");
  EXPECT_EQ(label(odd, "__param_c"), "%4");
  EXPECT_EQ(label(with_path("/m?"), "__metrics_path__"), "/m");
  EXPECT_EQ(label(with_path("/%"), "__metrics_path__"), "/%");
}

TEST(PrometheusTargets, AreNotWhatIsSwitchedOffOrDoesNotRun) {
  EXPECT_THAT(targets(with_labels(web(), {{"com.docker.compose.oneoff", "True"},
                                          {"prometheus.io/scrape", "true"}})),
              IsEmpty());
  EXPECT_THAT(targets(with_labels(web(), {{"prometheus.io/scrape", "false"}})), IsEmpty());
  EXPECT_THAT(targets(with_labels(web(), {{"rollcall.enable", "false"}})), IsEmpty());
  EXPECT_THAT(targets(with_labels(web(), {{"rollcall.ports.80.enable", "false"}})), IsEmpty());
  Instance paused = web();
  paused.state = InstanceState::paused;
  EXPECT_THAT(targets(paused), IsEmpty());
}

TEST(PrometheusTargets, AreValidUtf8WhateverLabelsHold) {
  const json::array all = groups(with_labels(web(), {{"a-b.c/d", "\xff\"\n"}}));
  EXPECT_EQ(label(all, "__meta_rollcall_label_a_b_c_d"), "\xEF\xBF\xBD\"\n");
}

TEST(PrometheusTargets, HaveOnlyLabelsThatAreDocumented) {
  std::set<std::string_view> known;
  for (const MetaLabel& meta : meta_labels()) {
    EXPECT_TRUE(known.insert(meta.name).second) << meta.name;
    EXPECT_FALSE(meta.meaning.empty()) << meta.name;
  }
  Instance full =
      with_labels(web(), {{"prometheus.io/scrape", "true"}, {"rollcall.ports.80.name", "www"}});
  full.group = full.service = full.node = "x";
  std::set<std::string_view> used;
  const json::array all = groups(full);
  for (const auto& [name, value] : all.at(0).at("labels").as_object()) {
    std::string_view documented = name;
    for (const std::string_view prefix :
         {"__meta_rollcall_label_", "__meta_rollcall_labelpresent_"}) {
      if (documented.starts_with(prefix)) documented = prefix;
    }
    EXPECT_TRUE(known.contains(documented)) << name;
    used.insert(*known.find(documented));
  }
  EXPECT_EQ(used, known) << "one is documented, and never told";
}

TEST(PrometheusTargets, HaveTheLabelsOfTheTableInTheDocumentation) {
  std::ifstream page(std::string(ROLLCALL_SOURCE_DIR) + "/docs/metrics.md");
  ASSERT_TRUE(page);
  std::vector<std::string> documented;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `__meta_")) documented.push_back(line);
  }
  std::vector<std::string> told;
  for (const MetaLabel& meta : meta_labels()) {
    const std::string_view name_of_label = meta.name.ends_with('_') ? "NAME" : "";
    told.push_back("| `" + std::string(meta.name) + std::string(name_of_label) + "` | " +
                   std::string(meta.meaning) + " |");
  }
  EXPECT_EQ(documented, told);
}

TEST(PrometheusTargets, OfAnInstanceWithThousandsOfPortsAreAllToldWhenThereIsRoom) {
  Instance instance = with_labels(web(), {{"tier", "front"}});
  for (std::uint16_t port = 10'000; port <= 20'000; ++port) {
    instance.ports.push_back({.host_ip = {}, .container_port = port, .name = {}});
  }
  const std::vector<InstancePtr> all = {std::make_shared<const Instance>(instance)};
  const ScrapeTargets told = prometheus_targets(all, {});
  EXPECT_EQ(told.left_out, 0U);
  EXPECT_EQ(json::parse(told.text).as_array().size(), 10'002U);
}

TEST(PrometheusTargets, OfOneWithTooManyLabelsAndPortsTakeNoRoomFromOthers) {
  const std::string value(200 * budget::kib, 'v');
  Instance huge = with_labels(web(), {{"l", value}, {"rollcall.port", "900"}});
  huge.key.id = "1";
  for (std::uint16_t port = 100; port < 1000; ++port) {
    huge.ports.push_back({.host_ip = {}, .container_port = port, .name = {}});
  }
  std::vector<InstancePtr> all = {std::make_shared<const Instance>(huge),
                                  std::make_shared<const Instance>(huge)};
  for (int i = 0; i < 50; ++i) all.push_back(std::make_shared<const Instance>(web()));
  const ScrapeTargets told = prometheus_targets(all, {});
  EXPECT_GT(told.left_out, 1000U);
  EXPECT_LE(told.text.size(), budget::targets_bytes + 52 * budget::targets_bytes_of_instance);
  EXPECT_GT(told.text.size(), budget::targets_bytes / 2);
  const json::value parsed = json::parse(told.text);
  const json::array& groups = parsed.as_array();
  EXPECT_EQ(groups.size() + told.left_out, 2U * 901U + 50U);
  EXPECT_EQ(groups.front().at("labels").at("__meta_rollcall_port").as_string(), "900")
      << "of those that have room the primary one is the first";
  std::size_t of_others = 0;
  for (const json::value& group : groups) {
    if (group.at("labels").at("__meta_rollcall_id").as_string() == "0123") ++of_others;
  }
  EXPECT_EQ(of_others, 50U);
}

TEST(PrometheusTargets, HaveEachNameOnceIfKeysDifferInWhatIsNotAllowed) {
  const Instance instance = with_labels(web(), {{"a.b", "1"}, {"a-b", "2"}, {"a_b", ""}});
  const std::string text =
      prometheus_targets({{std::make_shared<const Instance>(instance)}}, {}).text;
  EXPECT_EQ(text.find("labelpresent_a_b"), text.rfind("labelpresent_a_b"));
}

}  // namespace
}  // namespace rollcall::server
