#include "backends/podman/libpod_item.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/podman/libpod_whole.hpp"
#include "core/text/text.hpp"
#include "support/json_round_trip.hpp"
#include "support/paths.hpp"

namespace rollcall::podman {
namespace {

using docker_api::DecodedContainer;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t padding = 64;

std::string text_of(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/podman/testdata/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> items_of(const std::string& name) {
  std::vector<std::string> items;
  const auto json = boost::json::parse(text_of(name));
  for (const auto& item : json.as_array()) items.push_back(boost::json::serialize(item));
  return items;
}

std::optional<LibpodContainer> decode(std::string json) {
  LibpodDecoder decoder;
  const std::size_t size = json.size();
  json.append(padding, ' ');
  return decoder.decode(std::string_view(json).substr(0, size));
}

// The containers of a recording by name, with both lists merged.
std::map<std::string, DecodedContainer> recorded(const std::string& version,
                                                 const std::string& name) {
  std::map<std::string, DecodedContainer> all;
  docker_api::ContainerDecoder decoder("podman", "unix:///run/podman/podman.sock");
  for (std::string item : items_of(fmt::format("{}/list.{}.json", version, name))) {
    const std::size_t size = item.size();
    item.append(padding, ' ');
    auto container = decoder.decode(std::string_view(item).substr(0, size), Timestamp());
    EXPECT_TRUE(container) << item;
    all[container->instance.name] = std::move(*container);
  }
  for (const std::string& item : items_of(fmt::format("{}/libpod.list.{}.json", version, name))) {
    auto told = decode(item);
    EXPECT_TRUE(told) << item;
    for (auto& [id, container] : all) {
      if (told && container.instance.key.id == told->id) merge(container, *told);
    }
  }
  for (const auto& [id, container] : all) {
    EXPECT_THAT(container.instance.problems, IsEmpty()) << version << name;
    test::expect_survives_json(container.instance);
  }
  return all;
}

std::vector<std::string> shown(const std::vector<PortMapping>& ports) {
  std::vector<std::string> all;
  for (const PortMapping& port : ports) {
    all.push_back(fmt::format("{}:{}->{}/{}", port.host_ip, port.host_port, port.container_port,
                              to_string(port.protocol)));
  }
  return all;
}

TEST(Libpod, OmittedWildcardsAreWrittenOutInBothVersions) {
  EXPECT_THAT(shown(recorded("4.3", "run-ports").at("web").instance.ports),
              ElementsAre("0.0.0.0:5353->53/udp", "0.0.0.0:18080->80/tcp",
                          "0.0.0.0:46649->9000/tcp", "127.0.0.1:18081->81/tcp"));
  EXPECT_THAT(shown(recorded("5.4", "run-ports").at("web").instance.ports),
              ElementsAre("0.0.0.0:5353->53/udp", "0.0.0.0:18080->80/tcp",
                          "0.0.0.0:38899->9000/tcp", "127.0.0.1:18081->81/tcp"));
}

TEST(Libpod, ARangeOf54IsComplete) {
  EXPECT_THAT(shown(recorded("5.4", "ports").at("sl").instance.ports),
              ElementsAre("0.0.0.0:18280->80/tcp", "0.0.0.0:18283->90/tcp", "0.0.0.0:18284->91/tcp",
                          "::1:18282->82/tcp"));
}

TEST(Libpod, ThoseOfAPodHaveItAsTheirGroup) {
  for (const std::string version : {"4.3", "5.4"}) {
    auto all = recorded(version, "pod");
    const DecodedContainer& member = all.at("pc1");
    EXPECT_EQ(member.instance.group, "pod1") << version;
    EXPECT_FALSE(member.infra) << version;
    EXPECT_EQ(member.pod.size(), 64U) << version;
    for (const auto& [name, container] : all) {
      EXPECT_EQ(container.infra, name.ends_with("-infra")) << version << name;
      if (container.infra) EXPECT_EQ(container.pod, member.pod) << version;
    }
  }
}

TEST(Libpod, AProjectIsAGroupBeforeAPodIs) {
  DecodedContainer container;
  container.instance.group = "shop";
  merge(container, {.id = "a", .pod = "p", .pod_name = "pod_shop"});
  EXPECT_EQ(container.instance.group, "shop");
}

TEST(Libpod, HealthIsToldOfThoseThatRun) {
  for (const std::string version : {"4.3", "5.4"}) {
    EXPECT_EQ(recorded(version, "health").at("hc").instance.health, Health::starting) << version;
    EXPECT_EQ(recorded(version, "run-ports").at("web").instance.health, Health::none) << version;
  }
  DecodedContainer paused;
  paused.instance.state = InstanceState::paused;
  merge(paused, {.id = "a", .health = Health::healthy});
  EXPECT_EQ(paused.instance.health, Health::none);
}

TEST(Libpod, PausedOnesAreTold) {
  for (const std::string version : {"4.3", "5.4"}) {
    const Instance web = recorded(version, "pause").at("web").instance;
    EXPECT_EQ(web.state, InstanceState::paused) << version;
    EXPECT_EQ(web.addresses.size(), 2U) << version;
    EXPECT_TRUE(web.started_at) << version;
  }
}

TEST(Libpod, OneThatDoesNotRunHasNoPortsAndNoStart) {
  DecodedContainer container;
  container.instance.state = InstanceState::stopped;
  merge(container, {.id = "a", .ports = {PortMapping{}}, .started_at = Timestamp()});
  EXPECT_THAT(container.instance.ports, IsEmpty());
  EXPECT_FALSE(container.instance.started_at);
}

TEST(Libpod, WithoutANetworkOfItsOwnItIsInspected) {
  for (const std::string version : {"4.3", "5.4"}) {
    for (const std::string name : {"net-host", "net-none", "net-container"}) {
      EXPECT_FALSE(decode(items_of(fmt::format("{}/libpod.list.{}.json", version, name)).at(0))
                       ->has_network);
    }
    EXPECT_TRUE(decode(items_of(version + "/libpod.list.run-ports.json").at(0))->has_network);
  }
}

TEST(Libpod, The54ListTellsTheHostsNetworkAndThe43ListDoesNot) {
  EXPECT_EQ(recorded("5.4", "net-host").at("hostnet").instance.network_mode, NetworkMode::host);
  EXPECT_EQ(recorded("5.4", "net-none").at("nonet").instance.network_mode, NetworkMode::none);
  EXPECT_EQ(recorded("4.3", "net-host").at("hostnet").instance.network_mode, NetworkMode::own);
  EXPECT_EQ(recorded("4.3", "net-none").at("nonet").instance.network_mode, NetworkMode::own);
}

TEST(Libpod, AnInspectTellsWhoseNetworkItIs) {
  const auto read_network_use = [](const std::string& text) {
    const auto told = read_inspect(text);
    return told ? told->use : std::nullopt;
  };
  EXPECT_EQ(read_network_use(text_of("4.3/inspect.net-host.json")), NetworkUse{NetworkMode::host});
  EXPECT_EQ(read_network_use(text_of("4.3/inspect.net-none.json")), NetworkUse{NetworkMode::none});
  for (const std::string name : {"4.3/inspect.net-container.json", "4.3/inspect.pod-member.json",
                                 "5.4/inspect.net-container.json"}) {
    const auto use = read_network_use(text_of(name));
    ASSERT_TRUE(use) << name;
    EXPECT_EQ(use->mode, NetworkMode::joined) << name;
    EXPECT_EQ(use->owner.size(), 64U) << name;
  }
  EXPECT_EQ(read_network_use(R"({"HostConfig":{"NetworkMode":"slirp4netns"}})"), NetworkUse{});
  for (const char* none : {"", "[]", "{}", R"({"HostConfig":7})", R"({"HostConfig":{)"}) {
    EXPECT_FALSE(read_network_use(none)) << none;
  }
}

std::vector<int> internal_ports(const Instance& instance) {
  std::vector<int> all;
  for (const PortMapping& port : instance.ports) {
    if (port.scope == PortScope::internal) all.push_back(port.container_port);
  }
  return all;
}

TEST(Libpod, WhatIsExposedAndNotPublishedIsInternal) {
  const auto told = decode(
      R"({"Id":"a","Networks":["podman"],"ExposedPorts":{"53":["udp"],"80":["tcp"],"81":["tcp"]},)"
      R"("Ports":[{"container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}]})");
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->tells_exposed);
  DecodedContainer container;
  container.instance.state = InstanceState::running;
  merge(container, *told);
  EXPECT_THAT(container.instance.ports, testing::SizeIs(3));
  EXPECT_THAT(internal_ports(container.instance), ElementsAre(53, 81));
  for (const NetworkMode mode : {NetworkMode::host, NetworkMode::none}) {
    DecodedContainer other;
    other.instance.state = InstanceState::running;
    other.instance.network_mode = mode;
    merge(other, {.id = "a", .exposed = told->exposed});
    EXPECT_THAT(other.instance.ports, IsEmpty()) << "as in Docker";
  }
  EXPECT_FALSE(decode(R"({"Id":"a"})")->tells_exposed) << "before 5";
  EXPECT_TRUE(decode(R"({"Id":"a","ExposedPorts":null})")->tells_exposed);
}

TEST(Libpod, BeforeAListTellsWhatIsExposedAnInspectDoes) {
  const auto told = read_inspect(
      R"({"Config":{"ExposedPorts":{"53/udp":{},"81/tcp":{},"82":{},"x/tcp":{},"0/tcp":{}}}})");
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->use);
  Instance instance;
  instance.state = InstanceState::running;
  add_exposed(instance, told->exposed);
  EXPECT_THAT(internal_ports(instance), ElementsAre(53, 81, 82));
  EXPECT_THAT(read_inspect(text_of("4.3/inspect.net-host.json"))->exposed, IsEmpty());
}

TEST(Libpod, HealthThatBeginsAnewIsStartingAndUnknownWordsAreProblems) {
  const auto merged = [](const std::string& word, InstanceState state) {
    DecodedContainer container;
    container.instance.state = state;
    merge(container, *decode(fmt::format(R"({{"Id":"a","Status":"{}"}})", word)));
    return container.instance;
  };
  EXPECT_EQ(merged("reset", InstanceState::running).health, Health::starting);
  EXPECT_EQ(merged("healthy", InstanceState::running).health, Health::healthy);
  for (const std::string word : {"reset", "stopped", "", "none", "unhealthy"}) {
    EXPECT_THAT(merged(word, InstanceState::running).problems, IsEmpty()) << word;
  }
  const Instance odd = merged("splendid", InstanceState::running);
  EXPECT_EQ(odd.health, Health::none);
  ASSERT_EQ(odd.problems.size(), 1U);
  EXPECT_EQ(odd.problems[0].what, R"("splendid" is no known health)");
  EXPECT_THAT(merged("splendid", InstanceState::paused).problems, IsEmpty()) << "it has none then";
}

std::optional<DecodedContainer> decode_whole(std::string json) {
  WholeDecoder decoder;
  const std::size_t size = json.size();
  json.append(padding, ' ');
  return decoder.decode(std::string_view(json).substr(0, size));
}

TEST(LibpodWhole, TellsAllButTheAddresses) {
  for (const char* version : {"4.3", "5.4"}) {
    for (const std::string name : {"run-ports", "pause", "pod", "health", "net-host"}) {
      auto all = recorded(version, name);
      for (const std::string& item :
           items_of(fmt::format("{}/libpod.list.{}.json", version, name))) {
        auto whole = decode_whole(item);
        ASSERT_TRUE(whole) << item;
        merge(*whole, *decode(item));
        const Instance& by_docker = all.at(whole->instance.name).instance;
        EXPECT_EQ(whole->instance.state, by_docker.state) << version << name;
        EXPECT_EQ(whole->instance.image, by_docker.image) << version << name;
        EXPECT_EQ(whole->instance.labels, by_docker.labels) << version << name;
        EXPECT_EQ(whole->instance.ports, by_docker.ports) << version << name;
        EXPECT_EQ(whole->instance.group, by_docker.group) << version << name;
        EXPECT_EQ(whole->instance.key.id, by_docker.key.id) << version << name;
        EXPECT_THAT(whole->instance.problems, IsEmpty()) << version << name;
      }
    }
  }
  EXPECT_EQ(decode_whole(R"({"Id":"a","State":"exited","ExitCode":3})")->instance.reason,
            "exited with 3");
}

TEST(LibpodWhole, HasProblemsForWhatIsOfTheWrongType) {
  for (const char* field : {R"("Names":7)", R"("Labels":[])", R"("Labels":{"a":7})",
                            R"("Image":[])", R"("ExitCode":"x")", R"("Networks":{})"}) {
    const auto whole = decode_whole(R"({"Id":"a","State":"running",)" + std::string(field) + "}");
    ASSERT_TRUE(whole) << field;
    EXPECT_EQ(whole->instance.problems.size(), 1U) << field;
  }
  for (const char* none : {"", "[]", "{}", R"({"Id":7})", R"({"Id":"a","Names":)"}) {
    EXPECT_FALSE(decode_whole(none)) << none;
  }
}

TEST(Libpod, AFieldOfTheWrongTypeIsAProblemAndTheRestStays) {
  for (const char* field :
       {R"("Pod":7)", R"("IsInfra":"yes")", R"("Networks":{})", R"("Ports":{})", R"("Ports":[7])",
        R"("ExposedPorts":[])", R"("ExposedPorts":{"80":7})", R"("ExposedPorts":{"80":["icmp"]})",
        R"("ExposedPorts":{"65536":["tcp"]})", R"("StartedAt":"now")", R"("Created":7)",
        R"("Status":[])",
        R"("Ports":[{"container_port":80,"host_port":80,"range":0,"protocol":"tcp"}])",
        R"("Ports":[{"container_port":80,"host_port":65535,"range":2,"protocol":"tcp"}])",
        R"("Ports":[{"container_port":1,"host_port":1,"range":9223372036854775807}])",
        R"("Ports":[{"container_port":-1,"host_port":1,"range":1,"protocol":"tcp"}])",
        R"("Ports":[{"container_port":1,"host_port":1,"range":1,"protocol":"icmp"}])"}) {
    const auto told = decode(R"({"Id":"a",)" + std::string(field) + R"(,"PodName":"p"})");
    ASSERT_TRUE(told) << field;
    EXPECT_FALSE(told->problems.empty()) << field;
    EXPECT_THAT(told->ports, IsEmpty()) << field;
    EXPECT_EQ(told->pod_name, "p") << field;
  }
}

TEST(Libpod, WhatHasNoIdTellsNothing) {
  for (const char* json : {"", "[]", "garbage", "{}", R"({"Id":7})", R"({"Id":"a","Pod":)"}) {
    EXPECT_FALSE(decode(json)) << json;
  }
}

TEST(Libpod, NoPrefixOfARecordedItemTellsAnything) {
  for (const char* version : {"4.3", "5.4"}) {
    for (const std::string& item :
         items_of(fmt::format("{}/libpod.list.run-ports.json", version))) {
      for (std::size_t size = 0; size < item.size(); ++size) {
        ASSERT_FALSE(decode(item.substr(0, size))) << version << " cut at " << size;
      }
    }
  }
}

TEST(Libpod, EveryPrefixOfARecordedItemOfDockersListGivesTheIdOrAnError) {
  docker_api::ContainerDecoder decoder("podman", "unix:///run/podman/podman.sock");
  for (const char* version : {"4.3", "5.4"}) {
    for (const std::string& item : items_of(fmt::format("{}/list.run-ports.json", version))) {
      const std::size_t id_end = item.find("\",") + 1;
      for (std::size_t size = 0; size < item.size(); ++size) {
        const std::string cut = item.substr(0, size) + std::string(padding, ' ');
        const auto decoded = decoder.decode(std::string_view(cut).substr(0, size), Timestamp());
        ASSERT_EQ(decoded.has_value(), size >= id_end) << version << " cut at " << size;
        if (decoded) ASSERT_EQ(decoded->instance.state, InstanceState::unknown) << size;
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::podman
