#include "backends/docker_api/join.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::docker_api {
namespace {

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
  for (const Reading& reading : finish(all, Infra::hidden)) {
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
  joins.replace(all);
  EXPECT_EQ(joins.owner_of("j"), "o");
  EXPECT_FALSE(joins.owner_of("o"));
  EXPECT_THAT(joins.dependents_of("o"), testing::ElementsAre("j"));
  joins.replace({});
  EXPECT_TRUE(joins.dependents_of("o").empty());
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

// "old 1 1": its addresses and ports.
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
  EXPECT_THAT(shown(finish(all, Infra::hidden)), testing::ElementsAre("old 1 1", "young 1 0"));
  all["old"].instance.state = InstanceState::stopped;
  all["old"].instance.addresses.clear();
  all["old"].instance.ports.clear();
  EXPECT_THAT(shown(finish(all, Infra::hidden)), testing::ElementsAre("old 0 0", "young 1 1"));
}

TEST(Pods, TheInfraContainerIsShownIfItIsWantedAndHasThePortsIfNoOtherRuns) {
  Containers all = pod();
  EXPECT_THAT(shown(finish(all, Infra::shown)),
              testing::ElementsAre("infra 1 0", "old 1 1", "young 1 0"));
  all.erase("old");
  all.erase("young");
  EXPECT_THAT(shown(finish(all, Infra::shown)), testing::ElementsAre("infra 1 1"));
}

TEST(Pods, ThoseThatShareNoNetworkKeepTheirPorts) {
  Containers all;
  for (const std::string id : {"a", "b"}) {
    all[id] = container(id);
    all[id].pod = "p";
  }
  EXPECT_THAT(shown(finish(all, Infra::hidden)), testing::ElementsAre("a 1 1", "b 1 1"));
}

TEST(Pods, OneThatChangesConcernsItsFellowsAndItsJoiners) {
  Joins joins;
  joins.replace(pod());
  EXPECT_THAT(joins.fellows_of("old"), testing::ElementsAre("infra", "young"));
  EXPECT_THAT(joins.dependents_of("infra"), testing::ElementsAre("old", "young"));
  EXPECT_TRUE(joins.dependents_of("stranger").empty());
  joins.replace({});
  EXPECT_TRUE(joins.fellows_of("old").empty());
}

TEST(DockerJoins, OneThatIsNotToldWholeIsNotSettled) {
  Containers all;
  all["a"] = container("a");
  all["a"].incomplete = true;
  EXPECT_FALSE(finish(all, Infra::hidden).front().settled);
}

TEST(DockerJoins, OneThatWaitsForItsAddressIsNotSettled) {
  Containers all;
  all["o"] = container("o");
  all["o"].awaits_address = true;
  EXPECT_FALSE(finish(all, Infra::hidden).front().settled);
}

}  // namespace
}  // namespace rollcall::docker_api
