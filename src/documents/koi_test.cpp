#include "documents/koi.hpp"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "core/labels/metadata.hpp"

namespace rollcall::server {
namespace {

namespace json = boost::json;

Instance web() {
  Instance instance;
  instance.key = {"docker", "unix:///run/docker.sock", "0123"};
  instance.name = "web";
  instance.state = InstanceState::running;
  instance.image = "nginx:1";
  instance.addresses = {{.ip = "172.17.0.2", .network = "bridge", .family = AddressFamily::ipv4},
                        {.ip = "172.17.0.2", .network = "other", .family = AddressFamily::ipv4}};
  instance.ports = {{.host_ip = {}, .host_port = 0, .container_port = 81, .name = {}},
                    {.host_ip = "0.0.0.0",
                     .host_port = 8080,
                     .container_port = 80,
                     .name = {},
                     .scope = PortScope::published}};
  instance.discovered_at = Timestamp(std::chrono::seconds(1'764'106'800));
  return instance;
}

Instance labelled(const std::vector<Labels::Entry>& labels) {
  Instance instance = web();
  instance.labels = Labels(labels);
  instance.metadata = read_metadata(instance.labels).metadata;
  return instance;
}

json::value only(const Instance& instance) {
  const std::vector<InstancePtr> all = {std::make_shared<const Instance>(instance)};
  return json::parse(koi_instances(all).value()).as_array().at(0);
}

json::value metadata(const std::vector<Labels::Entry>& labels) {
  return only(labelled(labels)).at("metadata");
}

TEST(KoiInstances, HaveKoisShape) {
  EXPECT_EQ(koi_instances({}), "[]");
  const std::vector<InstancePtr> two(2, std::make_shared<const Instance>());
  EXPECT_EQ(koi_instances(two, 10), std::nullopt);
  EXPECT_EQ(only(web()), json::parse(R"({
    "id": "0123", "name": "web",
    "ports": [{"host_port": 8080, "container_port": 80, "protocol": "tcp", "host_ip": "0.0.0.0"}],
    "ips": ["172.17.0.2"], "metadata": {}, "backend": "docker", "state": "running",
    "discovered_at": "2025-11-25T21:40:00Z", "image": "nginx:1"})"));
}

TEST(KoiInstances, AreInAStateThatKoiKnows) {
  Instance instance = web();
  instance.state = InstanceState::reloading;
  EXPECT_EQ(only(instance).at("state").as_string(), "running");
  instance.state = InstanceState::paused;
  EXPECT_EQ(only(instance).at("state").as_string(), "paused");
}

TEST(KoiInstances, TellWhatLabelsSayInKoisWords) {
  EXPECT_EQ(metadata({{"koi.enable", "true"},
                      {"koi.type", "_http._tcp"},
                      {"koi.name", "Shop"},
                      {"koi.dns.name", "shop"},
                      {"koi.txt.version", "1"},
                      {"koi.health.path", "/healthz"},
                      {"koi.health.kind", "http"},
                      {"koi.health.interval", "10s"},
                      {"koi.health.timeout", "500ms"},
                      {"koi.proxy.port", "8443"},
                      {"koi.proxy.remote", "true"},
                      {"koi.certmesh", "true"}}),
            json::parse(R"({"enable": true, "service_type": "_http._tcp", "name": "Shop",
              "dns_name": "shop", "txt": {"version": "1"}, "health_path": "/healthz",
              "health_kind": "http", "health_interval": 10, "health_timeout": 1,
              "proxy_port": 8443, "proxy_remote": true, "certmesh": true})"));
}

TEST(KoiInstances, AreFilledInFromTheLabelsOfAProxy) {
  const std::vector<Labels::Entry> traefik = {
      {"traefik.http.routers.shop.rule", "Host(`shop.example.org`)"},
      {"traefik.http.services.shop.loadbalancer.server.port", "3000"}};
  EXPECT_EQ(metadata(traefik), json::parse(R"({"dns_name": "shop.example.org",
    "name": "shop.example.org", "proxy_port": 3000, "enable": true, "source": "traefik-labels"})"));
  EXPECT_EQ(metadata({{"caddy", "shop.example.org"}, {"caddy.reverse_proxy", "{{upstreams 8080}}"}})
                .at("source")
                .as_string(),
            "caddy-labels");
}

TEST(KoiInstances, AreNotFilledInAgainstTheWishOfTheirOwner) {
  const auto off = metadata(
      {{"koi.enable", "false"}, {"traefik.http.routers.shop.rule", "Host(`shop.example.org`)"}});
  EXPECT_FALSE(off.as_object().contains("source"));
  EXPECT_FALSE(off.as_object().contains("dns_name"));
  const auto named = metadata({{"koi.name", "Mine"},
                               {"koi.dns.name", "mine"},
                               {"traefik.http.routers.shop.rule", "Host(`shop.example.org`)"}});
  EXPECT_EQ(named.at("dns_name").as_string(), "mine");
  EXPECT_EQ(named.at("name").as_string(), "Mine");
}

TEST(KoiInstances, OneOffContainersSayNo) {
  const auto off = metadata(
      {{"koi.enable", "true"}, {"koi.name", "Mine"}, {"com.docker.compose.oneoff", "True"}});
  EXPECT_EQ(off, json::value({{"enable", false}}));
}

SourceStatus source(std::string name, SourceState state) {
  SourceStatus status;
  status.name = std::move(name);
  status.state = state;
  return status;
}

TEST(KoiStatus, NamesWhatIsWatched) {
  EXPECT_EQ(koi_status({}, 0), R"({"active":false,"backend":null,"instance_count":0})");
  const std::vector<SourceStatus> some = {
      source("docker", SourceState::ready), source("podman", SourceState::backing_off),
      source("docker", SourceState::ready), source("systemd", SourceState::ready)};
  EXPECT_EQ(koi_status(some, 3),
            R"({"active":true,"backend":"docker, systemd","instance_count":3})");
}

}  // namespace
}  // namespace rollcall::server
