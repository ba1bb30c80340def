#include "backends/docker_api/decode.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/text/text.hpp"
#include "support/json_round_trip.hpp"
#include "support/paths.hpp"

namespace rollcall::docker_api {
namespace {

constexpr std::size_t padding = 64;

Result<DecodedContainer> try_decode(std::string json) {
  ContainerDecoder decoder("docker", "unix:///run/docker.sock");
  const std::size_t size = json.size();
  json.append(padding, ' ');
  return decoder.decode(std::string_view(json).substr(0, size), Timestamp(std::chrono::seconds(7)));
}

DecodedContainer decode(const std::string& json) {
  auto decoded = try_decode(json);
  EXPECT_TRUE(decoded) << json << ": " << (decoded ? "" : decoded.error().describe());
  if (decoded) test::expect_survives_json(decoded->instance);
  return decoded ? std::move(*decoded) : DecodedContainer{};
}

// The one item of a recorded list.
DecodedContainer recorded(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/backends/docker/testdata/" + name;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  const std::string list{std::istreambuf_iterator<char>(file), {}};
  const std::size_t first = list.find('{');
  DecodedContainer decoded = decode(list.substr(first, list.rfind('}') + 1 - first));
  EXPECT_TRUE(decoded.instance.problems.empty()) << name;
  return decoded;
}

// A running container with more fields.
DecodedContainer running(const std::string& fields) {
  return decode(R"({"Id":"c1","State":"running")" + (fields.empty() ? "" : "," + fields) + "}");
}

std::vector<std::string> shown(const std::vector<PortMapping>& ports) {
  std::vector<std::string> all;
  for (const PortMapping& port : ports) {
    all.push_back(port.host_ip + "|" + std::to_string(port.host_port) + "|" +
                  std::to_string(port.container_port) + "|" +
                  std::string(to_string(port.protocol)) + "|" + std::string(to_string(port.scope)));
  }
  return all;
}

std::vector<std::string> shown(const std::vector<Address>& addresses) {
  std::vector<std::string> all;
  for (const Address& address : addresses) {
    all.push_back(address.network + "|" + address.ip + "|" +
                  std::string(to_string(address.family)));
  }
  return all;
}

std::vector<std::string> shown(const std::vector<Problem>& problems) {
  std::vector<std::string> all;
  for (const Problem& problem : problems) all.push_back(problem.where + ": " + problem.what);
  return all;
}

using Texts = std::vector<std::string>;

TEST(Decode, ARecordedContainerIsUnderstoodWhole) {
  const Instance web = recorded("20.10/list.run-ports.json").instance;
  EXPECT_EQ(web.key.backend, "docker");
  EXPECT_EQ(web.key.endpoint, "unix:///run/docker.sock");
  EXPECT_EQ(web.key.id, "3035050423d0c904f752f3bc579f1d93b23de447a87984d7265700ab81827d6e");
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.kind, InstanceKind::container);
  EXPECT_EQ(web.state, InstanceState::running);
  EXPECT_EQ(web.health, Health::none);
  EXPECT_EQ(web.network_mode, NetworkMode::own);
  EXPECT_EQ(web.reason, "");
  EXPECT_EQ(web.image, "eng/busybox:1");
  EXPECT_EQ(shown(web.addresses), Texts({"n1|172.20.0.2|ipv4"}));
  EXPECT_EQ(web.labels, Labels({{"traefik.enable", "true"}}));
  ASSERT_NE(web.metadata, nullptr);
  EXPECT_EQ(web.metadata->enable->source, "traefik.enable");
  EXPECT_EQ(web.created_at, Timestamp(std::chrono::seconds(1795297353)));
  EXPECT_EQ(web.started_at, std::nullopt);
  EXPECT_EQ(web.discovered_at, Timestamp(std::chrono::seconds(7)));
}

TEST(Decode, PortsAreSortedWhateverTheEnginesOrder) {
  const Texts sorted{"0.0.0.0|5353|53|udp|published",    "0.0.0.0|18080|80|tcp|published",
                     "0.0.0.0|32773|9000|tcp|published", "127.0.0.1|18081|81|tcp|published",
                     "::|5353|53|udp|published",         "::|18080|80|tcp|published",
                     "::|32773|9000|tcp|published"};
  EXPECT_EQ(shown(recorded("20.10/list.run-ports.json").instance.ports), sorted);
  EXPECT_EQ(shown(recorded("20.10/list.net-connect.json").instance.ports), sorted);
  const auto ports = recorded("26.1/list.run-ports.json").instance.ports;
  EXPECT_EQ(ports.size(), sorted.size());
  EXPECT_TRUE(std::ranges::is_sorted(ports));
}

TEST(Decode, APortThatIsOnlyExposedIsInternal) {
  const Texts ports = shown(recorded("26.1/list.ipv6.json").instance.ports);
  EXPECT_EQ(ports.front(), "|0|7777|tcp|internal");
}

TEST(Decode, EachNetworkGivesItsAddresses) {
  EXPECT_EQ(shown(recorded("20.10/list.net-connect.json").instance.addresses),
            Texts({"n2|10.77.0.55|ipv4", "n1|172.20.0.2|ipv4"}));
  EXPECT_EQ(shown(recorded("26.1/list.ipv6.json").instance.addresses),
            Texts({"v6|10.78.0.2|ipv4", "v6|fd00:77::2|ipv6"}));
}

TEST(Decode, AddressesAreWrittenCanonically) {
  const Instance c =
      running(R"("NetworkSettings":{"Networks":{"n":{"GlobalIPv6Address":"FD00:0:0:77::0002"}}})")
          .instance;
  EXPECT_EQ(shown(c.addresses), Texts({"n|fd00:0:0:77::2|ipv6"}));
}

TEST(Decode, WhatIsNoAddressIsAProblem) {
  for (const std::string_view bad : {"10.0.0.2/16", "10.0.0.256", "fe80::1%eth0", "host", " "}) {
    const Instance c = running(R"("NetworkSettings":{"Networks":{"n":{"IPAddress":")" +
                               std::string(bad) + R"("}}})")
                           .instance;
    EXPECT_TRUE(c.addresses.empty()) << bad;
    EXPECT_EQ(shown(c.problems), Texts({"NetworkSettings.Networks: \"" + std::string(bad) +
                                        "\" in \"n\" is not an IP address"}));
    EXPECT_EQ(c.state, InstanceState::running) << bad;
  }
}

TEST(Decode, HealthIsReadFromTheStatusProse) {
  EXPECT_EQ(recorded("20.10/list.health.json").instance.health, Health::starting);
  EXPECT_EQ(recorded("20.10/list.health-make-ok.json").instance.health, Health::healthy);
  EXPECT_EQ(recorded("20.10/list.health-unhealthy.json").instance.health, Health::unhealthy);
}

TEST(Decode, TheHealthFieldBeatsTheProse) {
  EXPECT_EQ(running(R"x("Status":"Up (healthy)","Health":{"Status":"unhealthy"})x").instance.health,
            Health::unhealthy);
  EXPECT_EQ(running(R"("Health":{"Status":"none","FailingStreak":0})").instance.health,
            Health::none);
}

TEST(Decode, AHealthThatIsNotKnownIsAProblem) {
  const Instance c = running(R"("Health":{"Status":"dizzy"})").instance;
  EXPECT_EQ(c.health, Health::none);
  EXPECT_EQ(shown(c.problems), Texts({"Health.Status: \"dizzy\" is no known health"}));
}

TEST(Decode, APausedContainerHasNoHealth) {
  const Instance web = recorded("20.10/list.pause.json").instance;
  EXPECT_EQ(web.state, InstanceState::paused);
  EXPECT_EQ(shown(web.addresses), Texts({"bridge|172.17.0.3|ipv4", "n1|172.20.0.2|ipv4"}));
  EXPECT_EQ(
      decode(R"({"Id":"c","State":"paused","Health":{"Status":"unhealthy"}})").instance.health,
      Health::none);
}

TEST(Decode, EveryStateOfDockerAndPodmanIsKnown) {
  const auto state = [](const std::string& word) {
    const Instance c = decode(R"({"Id":"c","State":")" + word + "\"}").instance;
    EXPECT_TRUE(c.problems.empty()) << word;
    return c.state;
  };
  EXPECT_EQ(state("running"), InstanceState::running);
  EXPECT_EQ(state("paused"), InstanceState::paused);
  EXPECT_EQ(state("restarting"), InstanceState::restarting);
  for (const char* word : {"created", "exited", "dead", "removing", "removal in progress",
                           "stopped", "configured", "initialized", "stopping"}) {
    EXPECT_EQ(state(word), InstanceState::stopped) << word;
  }
}

TEST(Decode, AStateThatIsNotKnownIsAProblem) {
  const Instance c = decode(R"({"Id":"c","State":"dreaming"})").instance;
  EXPECT_EQ(c.state, InstanceState::unknown);
  EXPECT_EQ(shown(c.problems), Texts({"State: \"dreaming\" is no known state"}));
  EXPECT_EQ(decode(R"({"Id":"c"})").instance.state, InstanceState::unknown);
}

TEST(Decode, TheReasonIsTheExitCodeWithoutTheTime) {
  EXPECT_EQ(recorded("20.10/list.exit3.json").instance.reason, "exited with 3");
  const Instance loop = recorded("20.10/list.restarting.json").instance;
  EXPECT_EQ(loop.state, InstanceState::restarting);
  EXPECT_EQ(loop.reason, "exited with 4");
}

TEST(Decode, TheReasonOfOneThatNeverRanOrIsGoingIsItsState) {
  EXPECT_EQ(recorded("20.10/list.create.json").instance.reason, "created");
  EXPECT_EQ(decode(R"({"Id":"c","State":"dead","Status":"Dead"})").instance.reason, "dead");
  EXPECT_EQ(
      decode(R"({"Id":"c","State":"removing","Status":"Removal In Progress"})").instance.reason,
      "removing");
}

TEST(Decode, AStrangeStatusGivesNoReason) {
  for (const std::string_view status : {"Exited", "Exited (", "Exited (x) now", "Exited (3", ""}) {
    EXPECT_EQ(decode(R"({"Id":"c","State":"exited","Status":")" + std::string(status) + "\"}")
                  .instance.reason,
              "")
        << status;
  }
}

TEST(Decode, OneThatDoesNotRunHasNeitherAddressesNorPorts) {
  const Instance c = decode(R"({"Id":"c","State":"exited",
      "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],
      "NetworkSettings":{"Networks":{"n":{"IPAddress":"10.0.0.2"}}}})")
                         .instance;
  EXPECT_TRUE(c.addresses.empty());
  EXPECT_TRUE(c.ports.empty());
}

TEST(Decode, TheNetworkModeTellsWhoseNetworkItIs) {
  EXPECT_EQ(recorded("20.10/list.net-host.json").instance.network_mode, NetworkMode::host);
  EXPECT_EQ(recorded("20.10/list.net-none.json").instance.network_mode, NetworkMode::none);
  const Instance shared = recorded("20.10/list.net-container.json").instance;
  EXPECT_EQ(shared.network_mode, NetworkMode::joined);
  EXPECT_EQ(shared.network_owner,
            "3035050423d0c904f752f3bc579f1d93b23de447a87984d7265700ab81827d6e");
}

TEST(Decode, WithTheHostsNetworkAPortIsTheHosts) {
  const Instance c =
      running(R"("HostConfig":{"NetworkMode":"host"},"Ports":[{"PrivatePort":80,"Type":"tcp"}])")
          .instance;
  EXPECT_EQ(shown(c.ports), Texts({"|80|80|tcp|host"}));
}

TEST(Decode, TheSamePortTwiceIsOne) {
  const std::string port = R"({"IP":"0.0.0.0","PrivatePort":80,"PublicPort":80,"Type":"tcp"})";
  EXPECT_EQ(running("\"Ports\":[" + port + "," + port + "]").instance.ports.size(), 1U);
}

TEST(Decode, EveryProtocolIsKnown) {
  const Instance c = running(R"("Ports":[{"PrivatePort":1,"Type":"sctp"},
      {"PrivatePort":2,"Type":"udp"},{"PrivatePort":3},{"PrivatePort":4,"Type":"icmp"}])")
                         .instance;
  EXPECT_EQ(shown(c.ports),
            Texts({"|0|1|sctp|internal", "|0|2|udp|internal", "|0|3|tcp|internal"}));
  EXPECT_EQ(shown(c.problems), Texts({"Ports.Type: \"icmp\" is not tcp, udp or sctp"}));
}

TEST(Decode, APortOutOfRangeIsAProblemAndTheOthersStay) {
  for (const char* bad : {R"({"PrivatePort":65536})", R"({"PrivatePort":0})", "{}",
                          R"({"PrivatePort":80,"PublicPort":-1})", R"({"PrivatePort":1.5})",
                          R"({"PrivatePort":1e99})", R"({"PrivatePort":80,"PublicPort":99999})",
                          R"({"PrivatePort":99999999999999999999})", R"({"PrivatePort":"80"})"}) {
    const Instance c =
        running(R"("Ports":[{"PrivatePort":7},)" + std::string(bad) + R"(,{"PrivatePort":8}])")
            .instance;
    EXPECT_EQ(shown(c.ports), Texts({"|0|7|tcp|internal", "|0|8|tcp|internal"})) << bad;
    EXPECT_FALSE(c.problems.empty()) << bad;
  }
}

TEST(Decode, APortPublishedOnWhatIsNoAddressIsAProblem) {
  const Instance c = running(R"("Ports":[{"IP":"x","PrivatePort":1,"PublicPort":2}])").instance;
  EXPECT_TRUE(c.ports.empty());
  EXPECT_EQ(shown(c.problems), Texts({"Ports.IP: \"x\" is not an IP address"}));
}

TEST(Decode, TheNameIsTheOneThatIsNoLink) {
  const auto name = [](const std::string& names) {
    return running("\"Names\":" + names).instance.name;
  };
  EXPECT_EQ(name(R"(["/other/alias","/web","/third/x"])"), "web");
  EXPECT_EQ(name(R"(["plain"])"), "plain");
  EXPECT_EQ(name("[]"), "");
  EXPECT_EQ(name("null"), "");
}

TEST(Decode, AComposeServiceHasAGroup) {
  const Instance c =
      running(
          R"("Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"})")
          .instance;
  EXPECT_EQ(c.group, "shop");
  EXPECT_EQ(c.service, "web");
  const Instance p =
      running(R"("Labels":{"io.podman.compose.project":"shop","io.podman.compose.service":"web"})")
          .instance;
  EXPECT_EQ(p.group, "shop");
  EXPECT_EQ(p.service, "web");
}

TEST(Decode, AOneOffContainerIsNoReplica) {
  constexpr std::string_view labels =
      R"("Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web",)"
      R"("com.docker.compose.oneoff":"VALUE"})";
  const auto service_if = [&labels](std::string_view oneoff) {
    std::string text(labels);
    text.replace(text.find("VALUE"), 5, oneoff);
    const Instance c = running(text).instance;
    EXPECT_EQ(c.group, "shop");
    return c.service;
  };
  EXPECT_EQ(service_if("True"), "");
  EXPECT_EQ(service_if("true"), "");
  EXPECT_EQ(service_if("False"), "web");
  EXPECT_EQ(service_if(""), "web");
}

TEST(Decode, ASwarmTaskHasTheServiceOfItsStack) {
  EXPECT_EQ(recorded("20.10/list.swarm.json").instance.service, "s2");
  EXPECT_EQ(running(R"("Labels":{"com.docker.stack.namespace":"shop"})").instance.group, "shop");
}

TEST(Decode, LabelsOfOursBecomeMetadataAndTheirMistakesProblems) {
  const Instance c =
      running(R"("Labels":{"koi.enable":"true","rollcall.proxy.port":"http"})").instance;
  ASSERT_NE(c.metadata, nullptr);
  EXPECT_TRUE(c.metadata->enable->value);
  ASSERT_EQ(c.problems.size(), 1U);
  EXPECT_EQ(c.problems[0].where, "rollcall.proxy.port");
}

TEST(Decode, ALabelThatIsNoTextIsAProblemAndTheOthersStay) {
  const Instance c = running(R"("Labels":{"a":"1","b":2,"c":{"d":[1]},"e":null,"f":"6"})").instance;
  EXPECT_EQ(c.labels, Labels({{"a", "1"}, {"e", ""}, {"f", "6"}}));
  EXPECT_EQ(shown(c.problems), Texts({"Labels.b: is not a text", "Labels.c: is not a text"}));
}

TEST(Decode, NullIsAnAbsentField) {
  const Instance c =
      running(
          R"("Names":null,"Labels":null,"Ports":null,"HostConfig":null,"Health":null,"Image":null,
         "Created":null,"Status":null,"NetworkSettings":{"Networks":null})")
          .instance;
  EXPECT_TRUE(c.problems.empty());
  EXPECT_EQ(c.state, InstanceState::running);
}

TEST(Decode, AFieldOfTheWrongTypeIsAProblemAndTheStateStays) {
  for (const char* field :
       {R"("Names":"web")", R"("Names":[1])", R"("Image":7)", R"("Status":[])", R"("Created":"x")",
        R"("Created":-1)", R"("Created":99999999999)", R"("Health":"ok")",
        R"("Health":{"Status":1})", R"("HostConfig":[])", R"("HostConfig":{"NetworkMode":{}})",
        R"("NetworkSettings":1)", R"("NetworkSettings":{"Networks":[]})",
        R"("NetworkSettings":{"Networks":{"n":"x"}})", R"("Ports":{})", R"("Ports":[5])",
        R"("NetworkSettings":{"Networks":{"n":{"IPAddress":5}}})", R"("Labels":[])"}) {
    const Instance c = running(std::string(field) + R"(,"Command":"after")").instance;
    EXPECT_EQ(c.state, InstanceState::running) << field;
    EXPECT_EQ(c.problems.size(), 1U) << field;
  }
}

TEST(Decode, FieldsThatAreNotKnownAreIgnored) {
  const Instance c = running(R"("New":{"deep":[[{"x":"}]"}]]},"Mounts":[{"Id":"no"}])").instance;
  EXPECT_TRUE(c.problems.empty());
  EXPECT_EQ(c.key.id, "c1");
}

TEST(Decode, OfADuplicateKeyTheLastCounts) {
  const Instance c = running(R"("Image":"a","Image":"b","Labels":{"x":"1","y":"1"},
      "Labels":{"x":"2","x":"3"},"Ports":[{"PrivatePort":1}],"Ports":[{"PrivatePort":2}])")
                         .instance;
  EXPECT_EQ(c.image, "b");
  EXPECT_EQ(c.labels, Labels({{"x", "3"}}));
  EXPECT_EQ(shown(c.ports), Texts({"|0|2|tcp|internal"}));
}

TEST(Decode, WithoutAnIdItIsAnError) {
  for (const char* json : {"{}", R"({"Id":""})", R"({"Id":null,"State":"running"})", R"({"Id":7})",
                           R"({"Names":["Id","x"]})", R"({"a":{"Id":"inner"}})", R"({"x":"Id"})",
                           "", "null", "[]", "7", R"("Id")", R"({"Id":"cut)", R"({"Id")", "{"}) {
    const auto decoded = try_decode(json);
    ASSERT_FALSE(decoded) << json;
    EXPECT_EQ(decoded.error().kind, ErrorKind::protocol) << json;
    EXPECT_EQ(decoded.error().endpoint, "unix:///run/docker.sock");
  }
}

TEST(Decode, BrokenJsonWithAnIdIsAnInstanceOfUnknownState) {
  for (const char* json :
       {R"({"Id":"c1","State":"running","Image":"cut)", R"({"Id":"c1","State":"running")",
        R"({"Id":"c1","State":"running","Labels":{"a":)", R"({"Id":"c1" "State":"running"})",
        R"({"Id":"c1","State":running})", R"({"Id":"c1","Image":"\x"})",
        R"({"Names":["/w"],"Image":"\x","Id":"c1"})", R"({"Ports":[{]},"Id":"c1"})",
        // Errors in fields that are not read.
        R"({"Id":"c1","State":"running","Mounts":[tru]})", R"({"Id":"c1","Mounts":[1,]})",
        R"({"Id":"c1","State":"running","SizeRw":01})", R"({"Id":"c1","Mounts":{a:1}})",
        R"({"Id":"c1","State":"running","Mounts":"\x"})", R"({"Mounts":[1 2],"Id":"c1"})"}) {
    const Instance c = decode(json).instance;
    EXPECT_EQ(c.key.id, "c1") << json;
    EXPECT_EQ(c.key.backend, "docker") << json;
    EXPECT_EQ(c.state, InstanceState::unknown) << json;
    ASSERT_EQ(c.problems.size(), 1U) << json;
    EXPECT_TRUE(c.problems[0].what.contains("not valid JSON")) << c.problems[0].what;
  }
}

TEST(Decode, TheIdOfBrokenJsonIsTheOneOfTheContainer) {
  for (const char* json :
       {R"({"x":"Id","y":"wrong","Id":"c1","S":"cut)", R"({"a":{"Id":"wrong"},"Id":"c1","S":"cut)",
        R"({"a":["Id","wrong"],"Id":"c1","S":"cut)", R"({"a":"}}{","Id":"c1","S":"cut)",
        R"({"a":"x\"","Id":"c1","S":"cut)"}) {
    EXPECT_EQ(decode(json).instance.key.id, "c1") << json;
  }
  EXPECT_FALSE(try_decode(R"({"Id":["wrong"],"S":"cut)"));
  EXPECT_FALSE(try_decode(R"({"Id":7,"x":"wrong","S":"cut)"));
}

TEST(Decode, EveryPrefixOfARecordedItemGivesTheIdOrAnError) {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/src/backends/docker/testdata/20.10/list.run-ports.json");
  const std::string list{std::istreambuf_iterator<char>(file), {}};
  const std::string item = list.substr(list.find('{'), list.rfind('}') + 1 - list.find('{'));
  const std::size_t id_end = item.find("\",") + 1;
  for (std::size_t size = 0; size < item.size(); ++size) {
    const auto decoded = try_decode(item.substr(0, size));
    ASSERT_EQ(decoded.has_value(), size >= id_end) << "cut at " << size;
    if (decoded) EXPECT_EQ(decoded->instance.state, InstanceState::unknown) << "cut at " << size;
  }
}

TEST(Decode, ABadByteCostsOnlyItself) {
  const Instance c = running("\"Image\":\"caf\xe9\",\"Labels\":{\"a\":\"\xff\"}").instance;
  EXPECT_EQ(c.state, InstanceState::running);
  EXPECT_EQ(c.image, "caf\ufffd");
  EXPECT_EQ(c.labels, Labels({{"a", "\ufffd"}}));
  ASSERT_EQ(c.problems.size(), 1U);
  EXPECT_TRUE(c.problems[0].what.contains("UTF-8"));
}

TEST(Decode, EscapedTextIsUnescaped) {
  EXPECT_EQ(running(R"("Labels":{"a\n":"\u00fc\"\ud83d\udc0b"})").instance.labels,
            Labels({{"a\n", "ü\"🐋"}}));
}

TEST(Decode, DeepNestingIsNoDanger) {
  const std::size_t depth = 100'000;
  const Instance c =
      running("\"X\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"Image\":\"i\"")
          .instance;
  EXPECT_EQ(c.key.id, "c1");
  const Instance ports =
      running("\"Ports\":" + std::string(depth, '[') + std::string(depth, ']')).instance;
  EXPECT_EQ(ports.key.id, "c1");
}

TEST(Decode, AHugeLabelIsKeptAndQuotedShort) {
  const std::string huge(1 << 20, 'x');
  const Instance c = running("\"Labels\":{\"rollcall.enable\":\"" + huge + "\"}").instance;
  EXPECT_EQ(c.labels.find("rollcall.enable"), huge);
  ASSERT_EQ(c.problems.size(), 1U);
  EXPECT_LT(c.problems[0].what.size(), 200U);
}

TEST(Decode, ADecoderIsUsedAgainAfterAnError) {
  ContainerDecoder decoder("docker", "here");
  for (int round = 0; round < 3; ++round) {
    const std::string bad = "{\"Id\":" + std::string(padding, ' ');
    const std::string good = R"({"Id":"c1","State":"running","Image":"i"})";
    const std::string padded = good + std::string(padding, ' ');
    EXPECT_FALSE(decoder.decode(std::string_view(bad).substr(0, 6), {}));
    const auto decoded = decoder.decode(std::string_view(padded).substr(0, good.size()), {});
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->instance.image, "i");
  }
}

TEST(Decode, ARunningContainerWhoseNetworkGaveNothingYetAwaitsAnAddress) {
  const std::string empty = R"("NetworkSettings":{"Networks":{"n":{"IPAddress":""}}})";
  EXPECT_TRUE(running(empty).awaits_address);
  EXPECT_FALSE(decode(R"({"Id":"c","State":"exited",)" + empty + "}").awaits_address);
  EXPECT_FALSE(recorded("20.10/list.run-ports.json").awaits_address);
}

TEST(Decode, ANetworkThatGivesNoAddressIsNotAwaited) {
  EXPECT_FALSE(recorded("20.10/list.net-host.json").awaits_address);
  EXPECT_FALSE(recorded("20.10/list.net-none.json").awaits_address);
  EXPECT_FALSE(recorded("20.10/list.net-container.json").awaits_address);
  EXPECT_FALSE(running(R"("NetworkSettings":{"Networks":null})").awaits_address);
}

TEST(Decode, OneAddressOfSeveralNetworksIsEnough) {
  EXPECT_FALSE(running(R"("NetworkSettings":{"Networks":{"a":{"IPAddress":""},
      "b":{"GlobalIPv6Address":"fd00::2"}}})")
                   .awaits_address);
}

}  // namespace
}  // namespace rollcall::docker_api
