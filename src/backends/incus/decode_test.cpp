#include "backends/incus/decode.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/incus/answer.hpp"
#include "core/text/text.hpp"
#include "support/json_round_trip.hpp"
#include "support/paths.hpp"

namespace rollcall::incus {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Timestamp discovered(7s);
constexpr Timestamp later = std::chrono::sys_days(std::chrono::year(2027) / 1 / 1);

std::string read_file(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/incus/testdata/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string padded(std::string text) {
  text.append(JsonSplitter::padding, ' ');
  return text;
}

Result<DecodedInstance> try_decode(const std::string& json) {
  Decoder decoder("lxd", "unix:///run/x");
  const std::string text = padded(json);
  return decoder.instance(std::string_view(text).substr(0, json.size()), discovered);
}

DecodedInstance decode(const std::string& json) {
  auto decoded = try_decode(json);
  EXPECT_TRUE(decoded) << json << ": " << (decoded ? "" : decoded.error().describe());
  if (decoded) test::expect_survives_json(decoded->instance);
  return decoded ? std::move(*decoded) : DecodedInstance{};
}

/// All items of a recorded answer, with padding.
std::vector<std::string> items_in(const std::string& name) {
  std::vector<std::string> items;
  const auto sink = [&items](std::string_view item) -> Result<void> {
    items.emplace_back(item);
    return {};
  };
  const std::string body = read_file(name);
  ListAnswer list;
  if (list.feed(body, sink) && list.finish()) return items;
  items.clear();
  EXPECT_TRUE(read_object(body, sink)) << name;
  return items;
}

std::vector<InterfaceAddress> state_in(const std::string& name) {
  const auto items = items_in(name);
  EXPECT_THAT(items, SizeIs(1)) << name;
  Decoder decoder("lxd", "");
  const std::string text = padded(items.at(0));
  auto addresses = decoder.state(std::string_view(text).substr(0, items.at(0).size()));
  EXPECT_TRUE(addresses) << name;
  return addresses ? *addresses : std::vector<InterfaceAddress>();
}

std::map<std::string, DecodedInstance> instances_in(const std::string& name) {
  std::map<std::string, DecodedInstance> instances;
  for (const std::string& item : items_in(name)) {
    DecodedInstance decoded = decode(item);
    instances.emplace(decoded.instance.name, std::move(decoded));
  }
  return instances;
}

DecodedInstance running(const std::string& fields) {
  return decode(R"({"name":"web","project":"default","status":"Running",)" + fields + "}");
}

std::string show(const Address& address) {
  return fmt::format("{}@{}", address.ip, address.network);
}

std::vector<std::string> shown(const Instance& instance) {
  std::vector<std::string> all;
  std::ranges::transform(instance.addresses, std::back_inserter(all), show);
  return all;
}

TEST(IncusDecode, OneThatRunsOnLxd) {
  auto all = instances_in("lxd-5.0.2/instances.recursion2.json");
  DecodedInstance& it = all.at("b1");
  const Instance& b1 = it.instance;
  EXPECT_EQ(b1.key, (InstanceKey{"lxd", "unix:///run/x", "default/b1"}));
  EXPECT_EQ(b1.kind, InstanceKind::container);
  EXPECT_EQ(b1.state, InstanceState::running);
  EXPECT_EQ(b1.reason, "");
  EXPECT_EQ(b1.group, "default");
  EXPECT_EQ(b1.image, "busybox");
  EXPECT_EQ(b1.node, "");
  EXPECT_EQ(b1.network_mode, NetworkMode::own);
  EXPECT_EQ(to_rfc3339(b1.created_at.value()), "2026-11-21T22:28:05.18722071Z");
  EXPECT_EQ(to_rfc3339(b1.started_at.value()), "2026-11-21T22:28:08.755836694Z");
  EXPECT_EQ(b1.run, "2026-11-21T22:28:08.755836694Z");
  EXPECT_EQ(b1.discovered_at, discovered);
  EXPECT_EQ(b1.labels.find("user.rollcall.name"), "b1");
  ASSERT_TRUE(b1.metadata);
  EXPECT_EQ(b1.metadata->name->value, "b1");
  ASSERT_THAT(b1.ports, SizeIs(1));
  EXPECT_EQ(b1.ports[0], (PortMapping{.host_ip = "0.0.0.0",
                                      .host_port = 18080,
                                      .container_port = 80,
                                      .protocol = Protocol::tcp,
                                      .name = "http",
                                      .scope = PortScope::published}));
  ASSERT_THAT(it.nics, SizeIs(1));
  EXPECT_TRUE(add_addresses(it, state_in("lxd-5.0.2/state-b1-running.json"), later));
  EXPECT_THAT(shown(b1), ElementsAre("10.191.7.247@lxdbr0"));
}

TEST(IncusDecode, OneThatRunsOnIncus) {
  auto all = instances_in("incus-6.0.4/instances.recursion2.json");
  DecodedInstance& b1 = all.at("b1");
  EXPECT_EQ(b1.instance.state, InstanceState::running);
  EXPECT_EQ(b1.instance.labels.find("user.traefik.port"), "80");
  EXPECT_TRUE(add_addresses(b1, state_in("incus-6.0.4/state-b1-running.json"), later));
  EXPECT_THAT(shown(b1.instance), ElementsAre("10.191.8.139@incusbr0"));
}

TEST(IncusDecode, AFrozenOneIsPaused) {
  for (const char* engine : {"lxd-5.0.2", "incus-6.0.4"}) {
    const auto all = instances_in(fmt::format("{}/instances.recursion2.json", engine));
    EXPECT_EQ(all.at("b3").instance.state, InstanceState::paused) << engine;
    EXPECT_TRUE(all.at("b3").instance.started_at) << engine;
  }
}

TEST(IncusDecode, OneThatNeverRanHasNoStart) {
  for (const char* engine : {"lxd-5.0.2", "incus-6.0.4"}) {
    const auto all = instances_in(fmt::format("{}/instances.recursion2.json", engine));
    const Instance& b4 = all.at("b4").instance;
    EXPECT_EQ(b4.state, InstanceState::stopped) << engine;
    EXPECT_FALSE(b4.started_at) << engine;
    EXPECT_EQ(b4.run, "") << engine;
    EXPECT_TRUE(state_in(fmt::format("{}/state-b4-stopped.json", engine)).empty()) << engine;
  }
}

TEST(IncusDecode, ProfilesCount) {
  for (const char* engine : {"lxd-5.0.2", "incus-6.0.4"}) {
    const Instance web =
        instances_in(fmt::format("{}/instance.profile.json", engine)).at("web1").instance;
    EXPECT_THAT(web.ports, SizeIs(1)) << engine;
  }
}

TEST(IncusDecode, ProxiesOfEachKind) {
  const auto web = instances_in("incus-6.0.4/instance.proxies.json").at("web2").instance;
  std::vector<std::string> ports;
  for (const PortMapping& port : web.ports) {
    ports.push_back(fmt::format("{} {} {} {}", port.name, port.host_port, port.container_port,
                                to_string(port.scope)));
  }
  EXPECT_THAT(ports, testing::UnorderedElementsAre("bi 0 9999 internal", "mp 18085 80 published",
                                                   "mp 18086 81 published", "mu 0 80 internal",
                                                   "ud 18087 53 published"));
  EXPECT_THAT(web.problems, IsEmpty());
  EXPECT_EQ(web.network_mode, NetworkMode::none);
}

TEST(IncusDecode, EveryStatusHasAState) {
  const std::map<std::string, std::string> expected = {{"Running", "running"},
                                                       {"Ready", "running"},
                                                       {"Thawed", "running"},
                                                       {"Frozen", "paused"},
                                                       {"Freezing", "paused"},
                                                       {"Stopped", "stopped"},
                                                       {"Starting", "stopped starting"},
                                                       {"Stopping", "stopped stopping"},
                                                       {"Aborting", "stopped aborting"},
                                                       {"Error", "unknown error"},
                                                       {"Dancing", "unknown"},
                                                       {"", "unknown"}};
  for (const auto& [status, state] : expected) {
    const Instance it =
        decode(fmt::format(R"({{"name":"a","project":"p","status":"{}"}})", status)).instance;
    const std::string gap = it.reason.empty() ? "" : " ";
    EXPECT_EQ(std::string(to_string(it.state)) + gap + it.reason, state) << status;
    EXPECT_EQ(it.problems.empty(), status != "Dancing" && !status.empty()) << status;
  }
}

TEST(IncusDecode, AVirtualMachineOnAMemberOfACluster) {
  const Instance vm =
      running(R"("type":"virtual-machine","location":"node2","project":"p1")").instance;
  EXPECT_EQ(vm.kind, InstanceKind::vm);
  EXPECT_EQ(vm.node, "node2");
  EXPECT_EQ(running(R"("location":"none")").instance.node, "");
}

TEST(IncusDecode, TheInstancesOfAClusterAsItIsDocumented) {
  auto all = instances_in("documented/instances.cluster.json");
  ASSERT_THAT(all, SizeIs(3));
  const Instance& vm = all.at("vm1").instance;
  EXPECT_EQ(vm.kind, InstanceKind::vm);
  EXPECT_EQ(vm.node, "server1");
  EXPECT_EQ(vm.image, "Debian trixie amd64");
  EXPECT_EQ(vm.labels.find("user.rollcall.name"), "shop");
  ASSERT_THAT(vm.ports, SizeIs(1));
  EXPECT_EQ(vm.ports[0], (PortMapping{.host_ip = "192.0.2.10",
                                      .host_port = 443,
                                      .container_port = 8443,
                                      .protocol = Protocol::tcp,
                                      .name = "web",
                                      .scope = PortScope::published}));
  EXPECT_EQ(all.at("c1").instance.kind, InstanceKind::container);
  EXPECT_EQ(all.at("c1").instance.state, InstanceState::running);
  EXPECT_EQ(all.at("c1").instance.node, "server2");
  const Instance& away = all.at("away").instance;
  EXPECT_EQ(away.state, InstanceState::unknown) << "its member does not tell";
  EXPECT_EQ(away.reason, "error");
  EXPECT_THAT(away.problems, IsEmpty());
}

TEST(IncusDecode, TheStateOfAVirtualMachineWithItsAgentAndWithoutAsItIsDocumented) {
  const auto addresses_by = [](const char* name) {
    DecodedInstance vm = std::move(instances_in("documented/instances.cluster.json").at("vm1"));
    EXPECT_TRUE(add_addresses(vm, state_in(name), later));
    return shown(vm.instance);
  };
  EXPECT_THAT(addresses_by("documented/state.vm.json"),
              ElementsAre("10.0.0.2@br0", "172.17.0.1@docker0", "fd42:1::2@br0"));
  EXPECT_THAT(addresses_by("documented/state.vm-without-agent.json"), ElementsAre("10.0.0.2@br0"));
}

TEST(IncusDecode, ANameIsUniqueWithinItsProject) {
  EXPECT_EQ(decode(R"({"name":"web","project":"p1"})").instance.key.id, "p1/web");
  EXPECT_EQ(decode(R"({"name":"web"})").instance.key.id, "default/web");
}

TEST(IncusDecode, TheImageIsItsDescriptionOrWhatItHolds) {
  EXPECT_EQ(
      running(R"("expanded_config":{"image.os":"Debian","image.release":"trixie"})").instance.image,
      "Debian trixie");
  EXPECT_EQ(running(R"("expanded_config":{})").instance.image, "");
}

TEST(IncusDecode, UserKeysAreLabelsButForWhatCloudInitReads) {
  const Instance it = running(R"("config":{"user.own":"unseen"},"expanded_config":{
      "user.a":"1","user.user-data":"#cloud-config\npassword: x","user.vendor-data":"y",
      "user.network-config":"z","user.meta-data":"w","environment.SECRET":"s"})")
                          .instance;
  EXPECT_EQ(it.labels.size(), 1U);
  EXPECT_EQ(it.labels.find("user.a"), "1");
}

TEST(IncusDecode, OfAnAddressItsNetworkIsThatOfItsDevice) {
  DecodedInstance vm = running(R"("type":"virtual-machine","expanded_config":{
      "volatile.a.hwaddr":"00:16:3e:00:00:01"},"expanded_devices":{
      "a":{"type":"nic","network":"lxdbr0"},
      "b":{"type":"nic","nictype":"macvlan","parent":"eno1","hwaddr":"00:16:3e:00:00:02"},
      "c":{"type":"nic","name":"eth7"}})");
  const auto told = [](std::string name, std::string hwaddr, std::string ip,
                       std::string scope = "global") {
    return InterfaceAddress{std::move(name), std::move(hwaddr), std::move(ip), std::move(scope)};
  };
  const bool all = add_addresses(
      vm,
      {told("enp5s0", "00:16:3e:00:00:01", "10.0.0.2"),
       told("enp5s0", "00:16:3e:00:00:01", "fe80::1", "link"),
       told("enp6s0", "00:16:3e:00:00:02", "10.1.0.2"), told("eth7", "", "10.2.0.2"),
       told("lo", "", "127.0.0.1", "local"), told("docker0", "02:42:00:00:00:01", "172.17.0.1"),
       told("eth7", "", "FD00:0::7"), told("eth7", "", "nonsense")},
      later);
  EXPECT_TRUE(all);
  EXPECT_THAT(shown(vm.instance), ElementsAre("10.0.0.2@lxdbr0", "10.1.0.2@eno1", "10.2.0.2@eth7",
                                              "172.17.0.1@docker0", "fd00::7@eth7"));
}

TEST(IncusDecode, AnAddressThatHasNotComeIsAwaited) {
  const auto fresh = [] {
    return running(R"("last_used_at":"2026-11-21T22:00:00Z",
        "expanded_devices":{"eth0":{"type":"nic","network":"lxdbr0"}})");
  };
  const InterfaceAddress v4{"eth0", "", "10.0.0.2", "global"};
  const InterfaceAddress v6{"eth0", "", "fd00::2", "global"};
  const Timestamp started = fresh().instance.started_at.value();
  struct Row {
    std::vector<InterfaceAddress> addresses;
    std::chrono::nanoseconds age;
    bool all;
  };
  for (const Row& row : std::vector<Row>{{{}, 1h, false},
                                         {{v6}, 1h, false},
                                         {{v4}, 1s, false},
                                         {{v4}, 5s, true},
                                         {{v4, v6}, 1s, true}}) {
    DecodedInstance it = fresh();
    EXPECT_EQ(add_addresses(it, row.addresses, started + row.age), row.all)
        << row.addresses.size() << ' ' << row.age.count();
  }
}

TEST(IncusDecode, ForwardsOfItsNetworkArePorts) {
  Decoder decoder("incus", "");
  const std::string json = R"({"listen_address":"192.0.2.1","config":{},"ports":[
      {"protocol":"tcp","listen_port":"80","target_address":"10.0.0.2","target_port":"8080"},
      {"protocol":"tcp","listen_port":"81","target_address":"10.0.0.3","target_port":""}]})";
  const std::string text = padded(json);
  const auto forwards = decoder.forward(std::string_view(text).substr(0, json.size()));
  ASSERT_TRUE(forwards);
  ASSERT_THAT(*forwards, SizeIs(2));
  DecodedInstance it = running(R"("expanded_devices":{"eth0":{"type":"nic","network":"br"}})");
  add_addresses(it, {{"eth0", "", "10.0.0.2", "global"}}, later);
  add_forwards(it.instance, "other", *forwards);
  EXPECT_THAT(it.instance.ports, IsEmpty());
  add_forwards(it.instance, "br", *forwards);
  ASSERT_THAT(it.instance.ports, SizeIs(1));
  EXPECT_EQ(it.instance.ports[0].host_ip, "192.0.2.1");
  EXPECT_EQ(it.instance.ports[0].container_port, 8080);
}

TEST(IncusDecode, WhatHasAnotherTypeIsAProblem) {
  const Instance it = running(R"("location":7,"expanded_config":{"user.a":1},
      "expanded_devices":{"x":{"type":[]},"y":"z"})")
                          .instance;
  EXPECT_EQ(it.state, InstanceState::running);
  EXPECT_THAT(it.problems, SizeIs(4));
}

TEST(IncusDecode, BrokenJsonWithANameIsUnknown) {
  const Instance it =
      decode(R"({"name":"web","project":"p1","expanded_config":{"user.a" "b"}})").instance;
  EXPECT_EQ(it.key.id, "p1/web");
  EXPECT_EQ(it.state, InstanceState::unknown);
  EXPECT_THAT(it.problems, SizeIs(1));
  const Instance late =
      decode(R"({"expanded_config":{"user.a" "b"},"name":"web","project":"p1"})").instance;
  EXPECT_EQ(late.key.id, "p1/web");
}

TEST(IncusDecode, WithoutANameItIsAProtocolError) {
  for (const char* json : {"{}", R"({"status":"Running"})", R"({"name":""})", R"({"name":"a b"})",
                           R"({"name":"a/b"})", R"({"status":tru})", R"({"name":7})"}) {
    const auto decoded = try_decode(json);
    ASSERT_FALSE(decoded) << json;
    EXPECT_EQ(decoded.error().kind, ErrorKind::protocol) << json;
    EXPECT_THAT(decoded.error().what, HasSubstr("name")) << json;
  }
}

TEST(IncusDecode, BytesThatAreNotUtf8AreAProblem) {
  const Instance it = running("\"description\":\"\xff\"").instance;
  EXPECT_EQ(it.state, InstanceState::running);
  EXPECT_THAT(it.problems, SizeIs(1));
}

}  // namespace
}  // namespace rollcall::incus
