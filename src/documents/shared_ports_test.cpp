#include "documents/shared_ports.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

constexpr SharedPorts::Port http{80, Protocol::tcp};

InstancePtr instance(const std::string& id, const std::string& owner = "") {
  Instance made;
  made.key = {"docker", "unix:///run/docker.sock", id};
  made.network_owner = owner;
  return std::make_shared<const Instance>(std::move(made));
}

/// All have port 80; those whose name it is say so.
SharedPorts::Claims claims(const std::string& namers = "") {
  return [namers](const Instance& it) {
    return std::vector<SharedPorts::Claim>{{http, namers.contains(it.key.id)}};
  };
}

std::string holders(const std::vector<InstancePtr>& all, const SharedPorts& shared) {
  std::string ids;
  for (const InstancePtr& it : all) {
    if (shared.is_of(*it, http)) ids += it->key.id;
  }
  return ids;
}

TEST(SharedPorts, AreEachOfItsOwnWhereNoNetworkIsShared) {
  const std::vector<InstancePtr> all = {instance("a"), instance("b")};
  EXPECT_EQ(holders(all, SharedPorts(all, claims())), "ab");
}

TEST(SharedPorts, AreOfTheOwnerWhateverTheOrder) {
  const std::vector<InstancePtr> all = {instance("c", "b"), instance("b", "a"), instance("a"),
                                        instance("x")};
  EXPECT_EQ(holders(all, SharedPorts(all, claims())), "ax");
}

TEST(SharedPorts, AreOfTheFirstWhoseLabelsNameThem) {
  const std::vector<InstancePtr> all = {instance("a"), instance("b", "a"), instance("c", "b")};
  EXPECT_EQ(holders(all, SharedPorts(all, claims("c"))), "c");
  EXPECT_EQ(holders(all, SharedPorts(all, claims("bc"))), "b");
}

TEST(SharedPorts, AreOfTheFirstIfTheOwnerIsNotAmongThem) {
  const std::vector<InstancePtr> all = {instance("c", "b"), instance("b", "a")};
  EXPECT_EQ(holders(all, SharedPorts(all, claims())), "c");
}

TEST(SharedPorts, OfThoseThatJoinEachOtherAreOfOne) {
  const std::vector<InstancePtr> all = {instance("a", "b"), instance("b", "a"), instance("c", "a")};
  EXPECT_EQ(holders(all, SharedPorts(all, claims())).size(), 1U);
}

TEST(SharedPorts, OfAnotherPortOrAnotherEngineAreNotHeld) {
  Instance elsewhere;
  elsewhere.key = {"docker", "unix:///run/other.sock", "b"};
  const std::vector<InstancePtr> all = {instance("a"), instance("b", "a"),
                                        std::make_shared<const Instance>(elsewhere)};
  const SharedPorts shared(all, claims());
  EXPECT_EQ(holders({all[2]}, shared), "b");
  EXPECT_TRUE(shared.is_of(*all[1], {81, Protocol::tcp}));
}

TEST(SharedPorts, OfALongChainCostTimeInProportion) {
  std::vector<InstancePtr> all = {instance("0")};
  for (int i = 1; i < 100'000; ++i) all.push_back(instance(std::to_string(i), all.back()->key.id));
  const SharedPorts shared(all, claims());
  std::size_t held = 0;
  for (const InstancePtr& it : all) held += shared.is_of(*it, http) ? 1U : 0U;
  EXPECT_EQ(held, 1U);
}

}  // namespace
}  // namespace rollcall::server
