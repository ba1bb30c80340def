#include "backends/docker_api/join.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"

namespace rollcall::docker_api {
namespace {

std::vector<Reading> finished(const Containers& all, Infra infra) {
  ListBudget budget("");
  return *test::run(finish(all, infra, budget));
}

void look_for_hosts_network(Containers& all) {
  boost::asio::io_context io;
  boost::asio::co_spawn(io, use_networks_of_host(all), boost::asio::detached);
  io.run();
}

DecodedContainer container(const std::string& id, const std::string& owner = "") {
  DecodedContainer decoded;
  decoded.instance.key.id = id;
  decoded.instance.state = InstanceState::running;
  decoded.instance.network_owner = owner;
  if (owner.empty()) {
    decoded.instance.addresses = {{"10.0.0.1", "n", AddressFamily::ipv4}};
    decoded.instance.ports = {
        {.host_ip = "0.0.0.0", .host_port = 80, .container_port = 80, .name = ""}};
  }
  return decoded;
}

TEST(DockerJoins, AJoinedContainerHasTheAddressesAndPortsOfItsOwner) {
  Containers all;
  all["o"] = container("o");
  all["j"] = container("j", "o");
  all["lonely"] = container("lonely", "gone");
  for (const Reading& reading : finished(all, Infra::hidden)) {
    const bool reachable = reading.instance->key.id != "lonely";
    EXPECT_EQ(reading.instance->addresses.size(), reachable ? 1U : 0U) << reading.instance->key.id;
    EXPECT_EQ(reading.instance->ports.size(), reachable ? 1U : 0U) << reading.instance->key.id;
  }
}

TEST(DockerJoins, AnOwnerKnowsThoseThatJoinedIt) {
  Containers all;
  all["o"] = container("o");
  all["j"] = container("j", "o");
  Joins joins;
  joins.update(all);
  EXPECT_THAT(joins.owners_of("j"), testing::ElementsAre("o"));
  EXPECT_THAT(joins.owners_of("o"), testing::IsEmpty());
  EXPECT_THAT(joins.dependents_of({"o"}), testing::ElementsAre("j"));
  joins.forget("j");
  EXPECT_TRUE(joins.dependents_of({"o"}).empty());
}

// As many as there are letters: each joined the one before it.
Containers chain(const std::string& letters) {
  Containers all;
  std::string owner;
  for (const char letter : letters) {
    all[std::string(1, letter)] = container(std::string(1, letter), owner);
    owner = letter;
  }
  return all;
}

std::size_t ports_of(const std::vector<Reading>& readings, const std::string& id) {
  const auto reading = std::ranges::find_if(
      readings, [&id](const Reading& it) { return it.instance->key.id == id; });
  return reading == readings.end() ? 0 : reading->instance->ports.size();
}

TEST(JoinedChains, HaveTheAddressesOfTheLastOwnerInWhateverOrderTheirIdsAre) {
  std::string letters = "abcd";
  do {
    for (const Reading& reading : finished(chain(letters), Infra::hidden)) {
      EXPECT_EQ(reading.instance->addresses.size(), 1U) << letters << reading.instance->key.id;
      EXPECT_EQ(reading.instance->ports.size(), 1U) << letters << reading.instance->key.id;
    }
  } while (std::ranges::next_permutation(letters).found);
}

TEST(JoinedChains, OfGreatLengthCostTimeInProportion) {
  Containers all;
  all["0"] = container("0");
  constexpr int length = 100'000;
  for (int i = 1; i < length; ++i) {
    all[std::to_string(i)] = container(std::to_string(i), std::to_string(i - 1));
  }
  for (const Reading& reading : finished(all, Infra::hidden)) {
    ASSERT_EQ(reading.instance->addresses.size(), 1U);
  }
  Joins joins;
  joins.update(all);
  EXPECT_EQ(joins.owners_of(std::to_string(length - 1)).size(), length - 1U);
  EXPECT_EQ(joins.dependents_of({"0"}).size(), length - 1U);
}

TEST(JoinedChains, InACircleHaveNoAddressAndSaySo) {
  Containers all = chain("abc");
  all["a"].instance.network_owner = "c";
  all["a"].instance.addresses.clear();
  all["d"] = container("d", "d");
  all["e"] = container("e", "a");
  look_for_hosts_network(all);
  for (const Reading& reading : finished(all, Infra::hidden)) {
    EXPECT_TRUE(reading.instance->addresses.empty()) << reading.instance->key.id;
    ASSERT_EQ(reading.instance->problems.size(), 1U) << reading.instance->key.id;
    EXPECT_EQ(reading.instance->problems[0].where, "network");
    EXPECT_TRUE(reading.settled);
  }
  Joins joins;
  joins.update(all);
  EXPECT_THAT(joins.owners_of("b"), testing::ElementsAre("a", "c"));
  EXPECT_THAT(joins.dependents_of({"a"}), testing::ElementsAre("b", "c", "e"));
}

TEST(JoinedChains, OfWhichOneIsNotKnownAreLookedAtAgain) {
  Containers all = chain("abc");
  all.erase("a");
  for (const Reading& reading : finished(all, Infra::hidden)) {
    EXPECT_TRUE(reading.instance->addresses.empty()) << reading.instance->key.id;
    EXPECT_FALSE(reading.settled) << reading.instance->key.id;
  }
  Joins joins;
  joins.update(all);
  EXPECT_THAT(joins.missing_in(all), testing::ElementsAre("a"));
}

TEST(JoinedChains, WaitForTheAddressOfTheirLastOwner) {
  Containers all = chain("abc");
  all["a"].instance.addresses.clear();
  all["a"].awaits_address = true;
  for (const Reading& reading : finished(all, Infra::hidden)) EXPECT_FALSE(reading.settled);
}

TEST(JoinedChains, PassThroughOneThatDoesNotRun) {
  Containers all = chain("abc");
  all["b"].instance.state = InstanceState::stopped;
  for (const Reading& reading : finished(all, Infra::hidden)) {
    const bool runs = reading.instance->key.id != "b";
    EXPECT_EQ(reading.instance->addresses.size(), runs ? 1U : 0U) << reading.instance->key.id;
  }
}

TEST(JoinedChains, ThatEndAtTheHostsNetworkUseTheHosts) {
  Containers all = chain("cab");
  all["c"].instance.network_mode = NetworkMode::host;
  all["c"].instance.addresses.clear();
  for (const std::string id : {"a", "b"}) all[id].instance.network_mode = NetworkMode::joined;
  look_for_hosts_network(all);
  for (const Reading& reading : finished(all, Infra::hidden)) {
    EXPECT_EQ(reading.instance->network_mode, NetworkMode::host) << reading.instance->key.id;
    EXPECT_EQ(reading.instance->network_owner, "") << reading.instance->key.id;
  }
}

TEST(JoinedChains, KeepWhatTheEngineTellsOfEachAndHaveThePortsOfTheOwnerOnce) {
  const auto port = [](std::uint16_t inside, std::uint16_t outside) {
    PortMapping mapping{.host_ip = {}, .container_port = inside, .name = {}};
    if (outside != 0) {
      mapping.host_ip = "0.0.0.0";
      mapping.host_port = outside;
      mapping.scope = PortScope::published;
    }
    return mapping;
  };
  Containers all = chain("ab");
  all["a"].instance.ports = {port(80, 8080)};
  // As Podman tells it: what the owner publishes, and what it exposes itself.
  all["b"].instance.ports = {port(80, 0), port(99, 0), port(70, 7070), port(80, 8080)};
  const auto readings = finished(all, Infra::hidden);
  EXPECT_EQ(ports_of(readings, "a"), 1U);
  std::vector<PortMapping> expected = {port(99, 0), port(80, 8080)};
  std::ranges::sort(expected);
  EXPECT_EQ(readings.at(1).instance->ports, expected);
}

DecodedContainer member(const std::string& id, int created, const std::string& owner = "infra") {
  DecodedContainer decoded = container(id, owner);
  decoded.pod = "p";
  decoded.infra = owner.empty();
  decoded.instance.created_at = Timestamp(std::chrono::seconds(created));
  return decoded;
}

Containers pod() {
  Containers all;
  all["infra"] = member("infra", 1, "");
  all["young"] = member("young", 3);
  all["old"] = member("old", 2);
  return all;
}

// "old 1 1": the name, the number of addresses, the number of ports.
std::vector<std::string> shown(const std::vector<Reading>& readings) {
  std::vector<std::string> lines;
  for (const Reading& reading : readings) {
    lines.push_back(reading.instance->key.id + " " +
                    std::to_string(reading.instance->addresses.size()) + " " +
                    std::to_string(reading.instance->ports.size()));
  }
  return lines;
}

TEST(Pods, TheOldestThatRunsHasThePortsOfAll) {
  Containers all = pod();
  EXPECT_THAT(shown(finished(all, Infra::hidden)), testing::ElementsAre("old 1 1", "young 1 0"));
  all["old"].instance.state = InstanceState::stopped;
  all["old"].instance.addresses.clear();
  all["old"].instance.ports.clear();
  EXPECT_THAT(shown(finished(all, Infra::hidden)), testing::ElementsAre("old 0 0", "young 1 1"));
}

TEST(Pods, TheInfraContainerIsShownIfItIsWantedAndHasThePortsIfNoOtherRuns) {
  Containers all = pod();
  EXPECT_THAT(shown(finished(all, Infra::shown)),
              testing::ElementsAre("infra 1 0", "old 1 1", "young 1 0"));
  all.erase("old");
  all.erase("young");
  EXPECT_THAT(shown(finished(all, Infra::shown)), testing::ElementsAre("infra 1 1"));
}

TEST(Pods, EachKeepsThePortsThatAreItsOwn) {
  Containers all = pod();
  for (auto& [id, container] : all) {
    container.instance.ports = {{.host_ip = "0.0.0.0",
                                 .host_port = 80,
                                 .container_port = 80,
                                 .name = "",
                                 .scope = PortScope::published}};
  }
  all["young"].instance.ports.push_back({.host_ip = "", .container_port = 99, .name = ""});
  EXPECT_THAT(shown(finished(all, Infra::shown)),
              testing::ElementsAre("infra 1 0", "old 1 1", "young 1 1"));
}

TEST(Pods, ThoseThatShareNoNetworkKeepTheirPorts) {
  Containers all;
  for (const std::string id : {"a", "b"}) {
    all[id] = container(id);
    all[id].pod = "p";
  }
  EXPECT_THAT(shown(finished(all, Infra::hidden)), testing::ElementsAre("a 1 1", "b 1 1"));
}

TEST(Pods, OneThatChangesConcernsItsFellowsAndItsJoiners) {
  Joins joins;
  joins.update(pod());
  EXPECT_THAT(*joins.pod_of("old"), testing::ElementsAre("infra", "old", "young"));
  EXPECT_THAT(joins.dependents_of({"infra"}), testing::ElementsAre("old", "young"));
  EXPECT_THAT(joins.dependents_of({"infra", "old"}), testing::ElementsAre("young"));
  EXPECT_TRUE(joins.dependents_of({"stranger"}).empty());
  joins.forget("young");
  EXPECT_THAT(joins.dependents_of({"infra"}), testing::ElementsAre("old"));
  joins.forget("old");
  EXPECT_EQ(joins.pod_of("old"), nullptr);
}

TEST(DockerJoins, WhatManyAreGivenOfOneIsBounded) {
  Containers all;
  all["o"] = container("o");
  all["o"].instance.ports.resize(65'000);
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "j" + std::to_string(i);
    all[id] = container(id, "o");
  }
  ListBudget budget("unix:///run/x.sock");
  const auto readings = test::run(finish(std::move(all), Infra::hidden, budget));
  ASSERT_FALSE(readings.has_value());
  EXPECT_EQ(readings.error().kind, ErrorKind::protocol);
}

TEST(DockerJoins, ThousandsAreFinishedInTurns) {
  Containers all;
  for (int i = 0; i < 50'000; ++i) {
    std::string id = std::to_string(i);
    DecodedContainer one = container(id);
    all.emplace(std::move(id), std::move(one));
  }
  boost::asio::io_context io;
  int turns_of_others = 0;
  std::function<void()> other = [&] {
    ++turns_of_others;
    boost::asio::post(io, other);
  };
  other();
  ListBudget budget("");
  const auto readings = test::run(io, finish(std::move(all), Infra::hidden, budget));
  ASSERT_TRUE(readings.has_value());
  EXPECT_EQ(readings->size(), 50'000U);
  EXPECT_GT(turns_of_others, 4);
}

TEST(DockerJoins, OneThatIsNotToldWholeIsNotSettled) {
  Containers all;
  all["a"] = container("a");
  all["a"].incomplete = true;
  EXPECT_FALSE(finished(all, Infra::hidden).front().settled);
}

TEST(DockerJoins, OneThatWaitsForItsAddressIsNotSettled) {
  Containers all;
  all["o"] = container("o");
  all["o"].awaits_address = true;
  EXPECT_FALSE(finished(all, Infra::hidden).front().settled);
}

}  // namespace
}  // namespace rollcall::docker_api
