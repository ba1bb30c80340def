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
  for (const Reading& reading : finish(all)) {
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
  EXPECT_THAT(joins.joiners_of("o"), testing::ElementsAre("j"));
  joins.replace({});
  EXPECT_TRUE(joins.joiners_of("o").empty());
}

TEST(DockerJoins, OneThatWaitsForItsAddressIsNotSettled) {
  Containers all;
  all["o"] = container("o");
  all["o"].awaits_address = true;
  EXPECT_FALSE(finish(all).front().settled);
}

}  // namespace
}  // namespace rollcall::docker_api
