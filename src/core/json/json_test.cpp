#include "core/json/json.hpp"

#include <chrono>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

Instance smallest() {
  Instance instance;
  instance.key = {.backend = "docker", .endpoint = "unix:///run/docker.sock", .id = "c1"};
  instance.state = InstanceState::running;
  instance.discovered_at = Timestamp(1'000'000'000s);
  return instance;
}

std::string written(const Instance& instance) {
  return json_text(instance);
}

TEST(Json, AnInstanceOfWhichLittleIsKnownIsShort) {
  EXPECT_EQ(written(smallest()),
            R"({"key":{"backend":"docker","endpoint":"unix:///run/docker.sock","id":"c1"},)"
            R"("kind":"container","state":"running","discovered_at":"2001-09-09T01:46:40Z"})");
}

TEST(Json, AllFieldsComeInAFixedOrder) {
  Instance instance = smallest();
  instance.name = "web";
  instance.health = Health::healthy;
  instance.network_mode = NetworkMode::joined;
  instance.network_owner = "c0";
  instance.reason = "why";
  instance.image = "nginx:1";
  instance.group = "shop";
  instance.service = "front";
  instance.node = "n1";
  instance.addresses.push_back({.ip = "10.0.0.2", .network = "n", .family = AddressFamily::ipv4});
  instance.labels = Labels({{"b", "2"}, {"a", "1"}});
  instance.details = std::make_shared<const Details>(Details{.description = "the shop",
                                                             .definition = "/etc/shop.service",
                                                             .user = "www",
                                                             .command = {"shop", "--fast"},
                                                             .pid = 7,
                                                             .restarts = 3});
  instance.problems.push_back({.where = "State", .what = "is strange"});
  instance.created_at = Timestamp(1500ms);
  instance.started_at = Timestamp(2s);
  EXPECT_EQ(written(instance),
            R"({"key":{"backend":"docker","endpoint":"unix:///run/docker.sock","id":"c1"},)"
            R"("name":"web","kind":"container","state":"running","health":"healthy",)"
            R"("network_mode":"joined","network_owner":"c0","reason":"why","image":"nginx:1",)"
            R"("group":"shop","service":"front","node":"n1",)"
            R"("addresses":[{"ip":"10.0.0.2","network":"n","family":"ipv4"}],)"
            R"("labels":{"a":"1","b":"2"},"description":"the shop",)"
            R"("definition":"/etc/shop.service","user":"www","command":["shop","--fast"],)"
            R"("pid":7,"restarts":3,"problems":[{"where":"State","what":"is strange"}],)"
            R"("created_at":"1970-01-01T00:00:01.5Z","started_at":"1970-01-01T00:00:02Z",)"
            R"("discovered_at":"2001-09-09T01:46:40Z"})");
}

TEST(Json, APortTellsItsHostSideOnlyIfItHasOne) {
  PortMapping published;
  published.host_ip = "::";
  published.host_port = 8080;
  published.container_port = 80;
  published.scope = PortScope::published;
  PortMapping internal;
  internal.container_port = 53;
  internal.protocol = Protocol::udp;
  internal.name = "dns";
  Instance instance = smallest();
  instance.ports = {internal, published};
  EXPECT_EQ(boost::json::serialize(to_json(instance).at("ports")),
            R"([{"container_port":53,"protocol":"udp","name":"dns","scope":"internal"},)"
            R"({"host_ip":"::","host_port":8080,"container_port":80,"protocol":"tcp",)"
            R"("scope":"published"}])");
}

TEST(Json, EachMetadataValueTellsItsSource) {
  Metadata metadata;
  metadata.enable = {.value = true, .source = "rollcall.enable"};
  metadata.dns_name = {.value = "web.lan", .source = "koi.dns.name"};
  metadata.txt.push_back({.key = "path", .value = {.value = "/x", .source = "koi.txt.path"}});
  metadata.health.make().interval = {.value = 10s, .source = "i"};
  metadata.health.make().timeout = {.value = 1500ms, .source = "t"};
  metadata.proxy.make().port = {.value = std::uint16_t{81}, .source = "p"};
  Instance instance = smallest();
  instance.metadata = std::make_shared<const Metadata>(metadata);
  EXPECT_EQ(boost::json::serialize(to_json(instance).at("metadata")),
            R"({"enable":{"value":true,"source":"rollcall.enable"},)"
            R"("dns_name":{"value":"web.lan","source":"koi.dns.name"},)"
            R"("txt":{"path":{"value":"/x","source":"koi.txt.path"}},)"
            R"("health":{"interval":{"value":"10s","source":"i"},)"
            R"("timeout":{"value":"1500ms","source":"t"}},)"
            R"("proxy":{"port":{"value":81,"source":"p"}}})");
}

TEST(Json, MetadataThatSaysNothingIsAbsent) {
  Instance instance = smallest();
  instance.metadata = std::make_shared<const Metadata>();
  EXPECT_FALSE(to_json(instance).contains("metadata"));
}

TEST(Json, ForeignBytesThatAreNotUtf8AreReplaced) {
  Instance instance = smallest();
  instance.name = "caf\xe9";
  instance.labels = Labels({{"k\xff", "v\xfe"}});
  const std::string text = written(instance);
  boost::system::error_code error;
  boost::json::parse(text, error);
  EXPECT_FALSE(error) << text;
  EXPECT_TRUE(text.contains("caf\ufffd")) << text;
  EXPECT_TRUE(text.contains("\"k\ufffd\":\"v\ufffd\"")) << text;
}

TEST(Json, StartedAndUpdatedTellTheWholeInstance) {
  const auto instance = std::make_shared<const Instance>(smallest());
  EXPECT_EQ(json_text(Started{instance, Cause::initial}),
            R"({"type":"started","cause":"initial","instance":)" + written(*instance) + "}");
  EXPECT_EQ(json_text(Updated{instance, Cause::live}),
            R"({"type":"updated","cause":"live","instance":)" + written(*instance) + "}");
}

TEST(Json, StoppedTellsWhoItWas) {
  const auto last = std::make_shared<const Instance>(smallest());
  const Stopped event{.id = "c1", .name = "web", .last = last, .cause = Cause::resync};
  EXPECT_EQ(json_text(event),
            R"({"type":"stopped","id":"c1","name":"web","key":{"backend":"docker",)"
            R"("endpoint":"unix:///run/docker.sock","id":"c1"},"cause":"resync"})");
}

TEST(Json, EventsOfTheBackendNameIt) {
  EXPECT_EQ(json_text(BackendDisconnected{"docker", "unix:///d", "refused"}),
            R"({"type":"backend_disconnected","backend":"docker",)"
            R"("endpoint":"unix:///d","reason":"refused"})");
  EXPECT_EQ(json_text(BackendReconnected{"docker", "unix:///d"}),
            R"({"type":"backend_reconnected","backend":"docker","endpoint":"unix:///d"})");
}

}  // namespace
}  // namespace rollcall
