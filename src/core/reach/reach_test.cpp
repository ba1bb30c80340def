#include "core/reach/reach.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/labels/metadata.hpp"
#include "core/reach/registration.hpp"

namespace rollcall {
namespace {

constexpr std::string_view local = "unix:///run/docker.sock";

struct Given {
  std::vector<PortMapping> ports{};
  std::vector<Address> addresses{};
  std::vector<Labels::Entry> labels{};
  NetworkMode mode = NetworkMode::own;
  std::string_view endpoint = local;
  InstanceState state = InstanceState::running;
};

PortMapping mapping(PortScope scope, std::string host_ip, std::uint16_t host_port) {
  PortMapping port;
  port.container_port = 80;
  port.scope = scope;
  port.host_ip = std::move(host_ip);
  port.host_port = host_port;
  return port;
}

PortMapping internal() {
  return mapping(PortScope::internal, "", 0);
}
PortMapping published(std::string host_ip) {
  return mapping(PortScope::published, std::move(host_ip), 8080);
}
PortMapping on_host(std::string host_ip) {
  return mapping(PortScope::host, std::move(host_ip), 80);
}

Address bridge() {
  return {.ip = "172.17.0.2", .network = "bridge"};
}

Instance instance_of(const Given& given) {
  Instance instance;
  instance.key.endpoint = given.endpoint;
  instance.state = given.state;
  instance.network_mode = given.mode;
  instance.network_owner = given.mode == NetworkMode::joined ? "0123456789abcdef" : "";
  instance.ports = given.ports;
  instance.addresses = given.addresses;
  instance.labels = Labels(given.labels);
  instance.metadata = read_metadata(instance.labels).metadata;
  return instance;
}

std::string shown(const Reach& reach) {
  std::string code(to_string(reach.reason));
  if (!reach.possible) return code;
  return fmt::format("{}:{} {}", reach.any_of_host ? "HOST" : reach.address, reach.port, code);
}

// From this host, the container network, elsewhere.
std::vector<std::string> ways(const Given& given) {
  const Instance instance = instance_of(given);
  const auto services = derive_services(instance);
  std::vector<std::string> all;
  if (services.empty()) return all;
  for (const Reach& one : reach(instance, services[0])) {
    EXPECT_FALSE(one.why.empty());
    EXPECT_EQ(one.possible, one.port != 0);
    all.push_back(shown(one));
  }
  return all;
}

using Ways = std::vector<std::string>;

TEST(Reach, WhatIsPublishedOnAllAddresses) {
  EXPECT_EQ(ways({.ports = {published("0.0.0.0")}, .addresses = {bridge()}}),
            Ways({"127.0.0.1:8080 published", "172.17.0.2:80 own_address", "HOST:8080 published"}));
  EXPECT_EQ(ways({.ports = {published("::")}, .addresses = {bridge()}})[0], "::1:8080 published");
}

TEST(Reach, WhatIsPublishedOnOneAddress) {
  EXPECT_EQ(ways({.ports = {published("192.0.2.1")}, .addresses = {bridge()}}),
            Ways({"192.0.2.1:8080 published_on", "172.17.0.2:80 own_address",
                  "192.0.2.1:8080 published_on"}));
}

TEST(Reach, WhatIsPublishedOnLoopback) {
  EXPECT_EQ(ways({.ports = {published("127.0.0.1")}, .addresses = {bridge()}}),
            Ways({"127.0.0.1:8080 published_on", "172.17.0.2:80 own_address", "loopback_only"}));
}

TEST(Reach, OfSeveralTheOneThatMostClientsReach) {
  EXPECT_EQ(
      ways({.ports = {published("127.0.0.1"), published("192.0.2.1"), published("0.0.0.0")}})[2],
      "HOST:8080 published");
  EXPECT_EQ(ways({.ports = {published("::"), published("0.0.0.0")}})[0],
            "127.0.0.1:8080 published");
  EXPECT_EQ(ways({.ports = {published("::1"), published("192.0.2.1")}})[0],
            "192.0.2.1:8080 published_on");
}

TEST(Reach, WhatIsNotPublished) {
  EXPECT_EQ(ways({.ports = {internal()}, .addresses = {bridge()}}),
            Ways({"172.17.0.2:80 own_address", "172.17.0.2:80 own_address", "not_published"}));
  EXPECT_EQ(ways({.ports = {internal()}}), Ways({"no_address", "no_address", "not_published"}));
}

TEST(Reach, NetworksOfRootlessEnginesAreNotRouted) {
  EXPECT_EQ(ways({.ports = {internal()},
                  .addresses = {bridge()},
                  .endpoint = "unix:///run/user/1000/podman/podman.sock"})[0],
            "not_published");
}

TEST(Reach, TheNetworkOfTheHost) {
  EXPECT_EQ(
      ways({.ports = {on_host("0.0.0.0")}, .mode = NetworkMode::host}),
      Ways({"127.0.0.1:80 listens_on_host", "HOST:80 listens_on_host", "HOST:80 listens_on_host"}));
  EXPECT_EQ(ways({.ports = {on_host("127.0.0.1")}, .mode = NetworkMode::host}),
            Ways({"127.0.0.1:80 listens_on_host", "loopback_only", "loopback_only"}));
}

TEST(Reach, TheNetworkOfTheHostOnOneOfItsAddresses) {
  const std::string one = "192.0.2.1:80 listens_on_host";
  EXPECT_EQ(ways({.ports = {on_host("192.0.2.1")}, .mode = NetworkMode::host}),
            Ways({one, one, one}));
}

TEST(Reach, TheNetworkOfTheHostWithAPortThatALabelTells) {
  Given given{.labels = {{"rollcall.port", "8123"}}, .mode = NetworkMode::host};
  EXPECT_EQ(ways(given), Ways({"127.0.0.1:8123 listens_on_host", "HOST:8123 listens_on_host",
                               "HOST:8123 listens_on_host"}));
  given.endpoint = "tcp://10.0.0.7:2375";
  EXPECT_EQ(ways(given), Ways({"10.0.0.7:8123 listens_on_host", "HOST:8123 listens_on_host",
                               "10.0.0.7:8123 listens_on_host"}));
}

TEST(Reach, AProcessOfTheHost) {
  const Address host{.ip = "192.0.2.10", .network = ""};
  EXPECT_EQ(
      ways({.ports = {on_host("0.0.0.0")}, .addresses = {host}, .mode = NetworkMode::host}),
      Ways({"127.0.0.1:80 listens_on_host", "HOST:80 listens_on_host", "HOST:80 listens_on_host"}));
}

TEST(Reach, TheNetworkOfAnother) {
  const Given given{.ports = {internal()}, .addresses = {bridge()}, .mode = NetworkMode::joined};
  EXPECT_EQ(ways(given)[1], "172.17.0.2:80 own_address");
  const Instance instance = instance_of(given);
  EXPECT_TRUE(reach(instance, derive_services(instance)[0])[1].why.contains("of 0123456789ab"));
}

TEST(Reach, NoNetwork) {
  EXPECT_EQ(ways({.ports = {internal()}, .mode = NetworkMode::none}),
            Ways({"no_network", "no_network", "no_network"}));
}

TEST(Reach, APortOfTheHostThatLeadsIntoOneWithoutANetworkIsPublished) {
  EXPECT_EQ(ways({.ports = {published("0.0.0.0")}, .mode = NetworkMode::none}),
            Ways({"127.0.0.1:8080 published", "no_network", "HOST:8080 published"}));
}

TEST(Reach, WhatDoesNotRun) {
  for (const auto state : {InstanceState::paused, InstanceState::stopped, InstanceState::unknown}) {
    EXPECT_EQ(ways({.ports = {published("0.0.0.0")}, .state = state}),
              Ways({"not_running", "not_running", "not_running"}));
  }
}

TEST(Reach, OfSeveralNetworksALabelChooses) {
  const Address front{.ip = "10.0.0.2", .network = "front"};
  const Address back{.ip = "10.9.0.2", .network = "back"};
  const Address six{.ip = "fd00::2", .network = "back", .family = AddressFamily::ipv6};
  const auto chosen = [&](const std::vector<Labels::Entry>& labels) {
    const Instance instance =
        instance_of({.ports = {internal()}, .addresses = {front, back, six}, .labels = labels});
    const Reach found = reach(instance, derive_services(instance)[0])[1];
    return found.address + ": " + found.why;
  };
  EXPECT_EQ(chosen({{"traefik.docker.network", "back"}}),
            "10.9.0.2: traefik.docker.network chooses back");
  EXPECT_TRUE(chosen({}).starts_with("10.0.0.2: it is in several networks")) << chosen({});
  EXPECT_TRUE(chosen({{"rollcall.network", "lost"}}).contains("chooses lost, which it is not in"));
}

TEST(Reach, AnEngineElsewhere) {
  const Given given{
      .ports = {published("0.0.0.0")}, .addresses = {bridge()}, .endpoint = "tcp://10.0.0.7:2375"};
  EXPECT_EQ(ways(given), Ways({"10.0.0.7:8080 published", "172.17.0.2:80 own_address",
                               "10.0.0.7:8080 published"}));
  EXPECT_EQ(ways({.ports = {published("127.0.0.1")}, .endpoint = "ssh://me@lab:22"})[0],
            "loopback_only");
}

TEST(Reach, WhereAnEngineIs) {
  EXPECT_TRUE(place_of_engine(local).here);
  EXPECT_TRUE(place_of_engine("tcp://127.0.0.1:2375").here);
  EXPECT_TRUE(place_of_engine("tcp://localhost:2375").here);
  EXPECT_TRUE(place_of_engine("my lab").here);
  EXPECT_EQ(place_of_engine("tcp://[fd00::7]:2376").host, "fd00::7");
  EXPECT_EQ(place_of_engine("ssh://me@lab.example:22/x").host, "lab.example");
}

// --- Registrations.

std::string verdict(const Given& given, Health health = Health::none) {
  Instance instance = instance_of(given);
  instance.health = health;
  instance.problems = read_metadata(instance.labels).problems;
  const Registration registration = registration_of(instance, derive_services(instance));
  std::string text = registration.registered ? "registered" : "kept out";
  for (const RegistrationNote& note : registration.notes) {
    EXPECT_FALSE(note.text.empty());
    text += fmt::format(" {}", to_string(note.reason));
  }
  return text;
}

TEST(Registration, WhatRunsAndIsReachedIsRegistered) {
  EXPECT_EQ(verdict({.ports = {published("0.0.0.0")}}), "registered");
  EXPECT_EQ(verdict({.ports = {published("0.0.0.0")}}, Health::healthy), "registered");
  EXPECT_EQ(verdict({.ports = {published("0.0.0.0")}, .state = InstanceState::reloading}),
            "registered");
}

TEST(Registration, EachReasonHasItsCode) {
  const std::vector<PortMapping> open{published("0.0.0.0")};
  EXPECT_EQ(verdict({.ports = open, .labels = {{"koi.enable", "no"}}}), "kept out disabled");
  EXPECT_EQ(
      verdict({.ports = open,
               .labels = {{"com.docker.compose.oneoff", "True"}, {"rollcall.enable", "yes"}}}),
      "kept out one_off");
  EXPECT_EQ(verdict({.ports = open, .labels = {{"com.docker.compose.oneoff", "False"}}}),
            "registered");
  EXPECT_EQ(verdict({.ports = open, .state = InstanceState::paused}), "kept out not_running");
  EXPECT_EQ(verdict({.ports = open}, Health::unhealthy), "kept out unhealthy");
  EXPECT_EQ(verdict({.ports = open}, Health::starting), "kept out starting");
  EXPECT_EQ(verdict({.ports = {internal()}, .mode = NetworkMode::none}), "kept out no_network");
  EXPECT_EQ(verdict({.ports = open, .mode = NetworkMode::none}), "registered");
  EXPECT_EQ(verdict({}), "kept out no_ports");
  EXPECT_EQ(verdict({.ports = open, .labels = {{"SERVICE_80_IGNORE", "yes"}}}),
            "kept out ports_disabled");
  EXPECT_EQ(verdict({.ports = {published("127.0.0.1")}}), "registered loopback_only");
  EXPECT_EQ(verdict({.ports = {internal()}}), "kept out no_address");
  EXPECT_EQ(verdict({.ports = {internal()}, .addresses = {bridge()}}), "registered not_published");
  EXPECT_EQ(verdict({.ports = open, .labels = {{"koi.announce", "no"}}}),
            "registered not_announced");
  EXPECT_EQ(verdict({.ports = open, .labels = {{"koi.anounce", "no"}}}),
            "registered labels_unclear");
}

TEST(Registration, WhatIsReachedFromOnePlaceIsReached) {
  constexpr std::string_view rootless = "unix:///run/user/1000/podman/podman.sock";
  EXPECT_EQ(verdict({.ports = {internal()}, .addresses = {bridge()}, .endpoint = rootless}),
            "registered not_published");
  EXPECT_EQ(verdict({.ports = {internal()}, .endpoint = rootless}), "kept out no_address");
  EXPECT_EQ(verdict({.ports = {published("127.0.0.1")}, .endpoint = "tcp://10.0.0.7:2375"}),
            "kept out no_address");
}

TEST(Registration, AllReasonsAreTold) {
  EXPECT_EQ(
      verdict({.labels = {{"koi.enable", "no"}, {"koi.x", ""}}, .state = InstanceState::stopped},
              Health::unhealthy),
      "kept out disabled not_running unhealthy no_ports labels_unclear");
}

// The best of each port is looked for once, for all ports.
TEST(Reach, EachOfThousandsOfPortsHasTheWayThatItHasAlone) {
  Instance instance = instance_of({.addresses = {bridge()}});
  for (std::uint16_t number = 1; number <= 3000; ++number) {
    PortMapping port = published(number % 3 == 0 ? "127.0.0.1" : "0.0.0.0");
    port.container_port = number;
    port.host_port = static_cast<std::uint16_t>(number + 20'000);
    instance.ports.push_back(port);
    if (number % 2 != 0) continue;
    port.host_ip = "10.0.0.1";
    instance.ports.push_back(port);
  }
  std::ranges::sort(instance.ports);
  const rollcall::Ways known(instance);
  for (const Service& service : derive_services(instance)) {
    const bool loopback = service.port % 3 == 0;
    const bool one = service.port % 2 == 0;
    const Reach found = known.to(service, Vantage::elsewhere);
    EXPECT_EQ(found.reason, !loopback ? ReachReason::published
                            : one     ? ReachReason::published_on
                                      : ReachReason::loopback_only)
        << service.port;
    if (found.possible) {
      EXPECT_EQ(found.port, service.port + 20'000);
    }
  }
}

}  // namespace
}  // namespace rollcall
