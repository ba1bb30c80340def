#include "backends/kubernetes/roster.hpp"

#include <list>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::kubernetes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Pod pod(const std::string& name, std::uint64_t version, const std::string& uid = {},
        const std::string& ip = "10.0.0.1") {
  Instance it;
  it.key = {"kubernetes", "c", uid.empty() ? "uid-" + name : uid};
  it.name = name;
  it.group = "shop";
  it.node = "node-1";
  it.state = InstanceState::running;
  it.addresses = {{.ip = ip, .network = {}}};
  it.ports = {{.host_ip = {}, .container_port = 8080, .name = "http"}};
  return {.instance = std::make_shared<Instance>(std::move(it)),
          .version = {.number = version, .ordered = true},
          .node_ip = "192.0.2.1",
          .place = hash_of_place("shop", name)};
}

/// A copy, as the roster takes ownership of a pod.
Pod copy(const Pod& it) {
  Pod other = it;
  other.instance = std::make_shared<Instance>(*it.instance);
  return other;
}

Service service(const std::string& name, const std::string& ip, std::uint16_t node_port = 0) {
  return {.name_space = "shop",
          .name = name,
          .cluster_ips = {ip},
          .outer_ips = {},
          .ports = {{.name = {}, .port = 80, .node_port = node_port}}};
}

/// Targets must be sorted.
Slice slice(const std::string& name, const std::string& of, const std::vector<std::string>& targets,
            std::uint16_t port = 8080) {
  SliceGroup group{.targets = {}, .ports = {{.name = {}, .port = port}}};
  for (const std::string& target : targets) group.targets += target + "\n";
  return {.name_space = "shop", .name = name, .service = of, .groups = {group}};
}

std::vector<std::string> ways_to(const Instance& it) {
  std::vector<std::string> ways;
  for (const PortMapping& port : it.ports) {
    if (port.scope == PortScope::internal) continue;
    ways.push_back(fmt::format("{}:{}->{}", port.host_ip, port.host_port, port.container_port));
  }
  return ways;
}

class RosterTest : public testing::Test {
 protected:
  /// Runs one round of lists with these objects.
  void list(const std::vector<Service>& services, const std::vector<Slice>& slices,
            const std::vector<Pod>& pods) {
    roster_.begin_round();
    for (const Service& it : services) roster_.put(it);
    for (const Slice& it : slices) roster_.put(it);
    roster_.end_network();
    for (const Pod& it : pods) {
      if (!roster_.keep(meta_of(it), nullptr)) roster_.put(copy(it));
    }
    listed_.clear();
    for (auto& it : roster_.end_round()) listed_[it->name] = it;
  }

  Meta meta_of(const Pod& it) {
    versions_.push_back(std::to_string(it.version.number));
    Meta meta;
    meta.uid = it.instance->key.id;
    meta.name = it.instance->name;
    meta.name_space = it.instance->group;
    meta.version = versions_.back();
    return meta;
  }

  /// The changes of an event: "put NAME" or "gone UID".
  template <class Object>
  std::vector<std::string> apply(EventType type, Object object) {
    std::vector<Change> changes;
    roster_.apply(type, std::move(object), changes);
    std::vector<std::string> told;
    for (const Change& change : changes) {
      if (const auto* gone = std::get_if<Gone>(&change)) {
        EXPECT_TRUE(gone->final());
        told.push_back("gone " + gone->id);
      } else {
        last_ = std::get<Upsert>(change).instance;
        told.push_back("put " + last_->name);
      }
    }
    return told;
  }

  Roster roster_;
  std::map<std::string, InstancePtr> listed_;
  InstancePtr last_;
  std::list<std::string> versions_;
};

TEST_F(RosterTest, PodsHaveThePortsOfTheServicesThatLeadToThem) {
  list({service("web", "10.96.0.1", 30080)}, {slice("web-x", "web", {"a", "b"})},
       {pod("a", 1), pod("b", 1), pod("c", 1)});
  EXPECT_THAT(ways_to(*listed_["a"]), ElementsAre("10.96.0.1:80->8080", "192.0.2.1:30080->8080"));
  EXPECT_THAT(ways_to(*listed_["b"]), SizeIs(2));
  EXPECT_THAT(ways_to(*listed_["c"]), IsEmpty());
}

TEST_F(RosterTest, TheFirstListIsInTheOrderInWhichItCame) {
  roster_.begin_round();
  std::vector<std::string> names;
  for (int i = 50; i > 0; --i) {
    names.push_back("pod-" + std::to_string(i));
    roster_.put(pod(names.back(), 1));
  }
  std::vector<std::string> told;
  for (const auto& it : roster_.end_round()) told.push_back(it->name);
  EXPECT_EQ(told, names);
}

TEST_F(RosterTest, OneThatAListTellsTwiceIsThereAsItWasToldLast) {
  roster_.begin_round();
  roster_.put(pod("a", 1));
  roster_.put(pod("b", 1));
  roster_.put(pod("a", 2, "new"));
  roster_.put(pod("b", 2, {}, "10.0.0.2"));
  std::vector<std::string> told;
  for (const auto& it : roster_.end_round()) told.push_back(it->key.id + it->addresses[0].ip);
  EXPECT_THAT(told, UnorderedElementsAre("new10.0.0.1", "uid-b10.0.0.2"));
}

TEST_F(RosterTest, WhatDidNotChangeStaysTheSameObject) {
  const std::vector<Service> services = {service("web", "10.96.0.1")};
  const std::vector<Slice> slices = {slice("web-x", "web", {"a"})};
  list(services, slices, {pod("a", 1), pod("b", 1)});
  const auto before = listed_;
  list(services, slices, {pod("a", 1), pod("b", 2)});  // Only the version of b differs.
  EXPECT_EQ(listed_["a"].get(), before.at("a").get());
  EXPECT_EQ(listed_["b"].get(), before.at("b").get());
  Pod other = pod("b", 3);
  other.instance->node = "node-2";
  list(services, slices, {pod("a", 1), other});
  EXPECT_EQ(listed_["a"].get(), before.at("a").get());
  EXPECT_EQ(listed_["b"]->node, "node-2");
  EXPECT_EQ(before.at("b")->node, "node-1");
}

TEST_F(RosterTest, ALaterListIsReconciled) {
  list({service("web", "10.96.0.1"), service("old", "10.96.0.2")},
       {slice("web-x", "web", {"a", "b"}), slice("old-x", "old", {"a"})},
       {pod("a", 1), pod("b", 1)});
  EXPECT_THAT(ways_to(*listed_["a"]), SizeIs(2));
  list({service("web", "10.96.0.9")}, {slice("web-x", "web", {"a"})}, {pod("a", 1), pod("c", 1)});
  EXPECT_THAT(listed_, SizeIs(2));
  EXPECT_THAT(ways_to(*listed_["a"]), ElementsAre("10.96.0.9:80->8080"));
  list({}, {}, {pod("a", 1)});
  EXPECT_THAT(ways_to(*listed_["a"]), IsEmpty());
  EXPECT_THAT(listed_["a"]->ports, SizeIs(1));
}

TEST_F(RosterTest, AListThatFailedIsMadeUpForByTheNext) {
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"a"})}, {pod("a", 1), pod("b", 1)});
  roster_.begin_round();
  roster_.put(service("web", "10.96.0.2"));  // And then the connection is cut.
  list({service("web", "10.96.0.2")}, {slice("web-x", "web", {"a"})}, {pod("a", 1), pod("b", 1)});
  EXPECT_THAT(ways_to(*listed_["a"]), ElementsAre("10.96.0.2:80->8080"));
  roster_.begin_round();
  roster_.put(service("web", "10.96.0.3"));
  roster_.end_network();
  EXPECT_TRUE(roster_.keep(meta_of(pod("a", 1)), nullptr));
  list({service("web", "10.96.0.3")}, {slice("web-x", "web", {"a"})}, {pod("a", 1), pod("b", 1)});
  EXPECT_THAT(ways_to(*listed_["a"]), ElementsAre("10.96.0.3:80->8080"));
}

TEST_F(RosterTest, APodIsPutAndGone) {
  list({}, {}, {pod("a", 1)});
  EXPECT_THAT(apply(EventType::put, pod("b", 2)), ElementsAre("put b"));
  EXPECT_THAT(apply(EventType::put, pod("a", 3)), ElementsAre("put a"));
  EXPECT_EQ(last_.get(), listed_["a"].get());
  Pod ended = pod("a", 4);
  ended.instance->state = InstanceState::stopped;
  EXPECT_THAT(apply(EventType::put, ended), ElementsAre("gone uid-a"));
  EXPECT_THAT(apply(EventType::put, ended), IsEmpty());
  EXPECT_THAT(apply(EventType::deleted, pod("b", 5)), ElementsAre("gone uid-b"));
  EXPECT_EQ(roster_.size(), 0U);
}

TEST_F(RosterTest, OneMadeAnewUnderItsNameIsAnother) {
  list({}, {}, {pod("a", 1)});
  EXPECT_THAT(apply(EventType::put, pod("a", 2, "new")), ElementsAre("gone uid-a", "put a"));
  EXPECT_THAT(apply(EventType::deleted, pod("a", 3)), ElementsAre("gone uid-a"));
  EXPECT_EQ(roster_.size(), 1U);
}

TEST_F(RosterTest, AChangeOfAServiceIsOneOfThePodsBehindItAlone) {
  list({service("web", "10.96.0.1"), service("db", "10.96.0.2")},
       {slice("web-x", "web", {"a", "b"}), slice("db-x", "db", {"c"})},
       {pod("a", 1), pod("b", 1), pod("c", 1)});
  EXPECT_THAT(apply(EventType::put, service("web", "10.96.0.7")), ElementsAre("put a", "put b"));
  EXPECT_THAT(ways_to(*last_), ElementsAre("10.96.0.7:80->8080"));
  EXPECT_THAT(apply(EventType::put, service("web", "10.96.0.7")), IsEmpty());
  EXPECT_THAT(apply(EventType::deleted, service("web", "10.96.0.7")),
              ElementsAre("put a", "put b"));
  EXPECT_THAT(ways_to(*last_), IsEmpty());
  EXPECT_THAT(apply(EventType::put, service("web", "10.96.0.1")), ElementsAre("put a", "put b"));
  EXPECT_THAT(apply(EventType::put, service("new", "10.96.0.8")), IsEmpty());
}

TEST_F(RosterTest, AChangeOfASliceIsOneOfThePodsThatComeAndGo) {
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"a", "b"})},
       {pod("a", 1), pod("b", 1), pod("c", 1)});
  EXPECT_THAT(apply(EventType::put, slice("web-x", "web", {"b", "c"})),
              ElementsAre("put a", "put c"));
  EXPECT_THAT(ways_to(*last_), SizeIs(1));
  EXPECT_THAT(apply(EventType::put, slice("web-x", "web", {"b", "c"}, 9090)),
              ElementsAre("put b", "put c"));
  EXPECT_THAT(ways_to(*last_), ElementsAre("10.96.0.1:80->9090"));
  // Another slice of the same service leads to one of them, too.
  EXPECT_THAT(apply(EventType::put, slice("web-y", "web", {"c"}, 9090)), IsEmpty());
  EXPECT_THAT(apply(EventType::deleted, slice("web-x", "web", {})), ElementsAre("put b"));
  EXPECT_THAT(apply(EventType::deleted, slice("web-y", "web", {})), ElementsAre("put c"));
  EXPECT_THAT(apply(EventType::deleted, slice("web-y", "web", {})), IsEmpty());
}

TEST_F(RosterTest, ThePodMayComeAfterWhatLeadsToIt) {
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"late"})}, {});
  EXPECT_THAT(apply(EventType::put, pod("late", 5)), ElementsAre("put late"));
  EXPECT_THAT(ways_to(*last_), SizeIs(1));
}

TEST_F(RosterTest, EndpointsWithoutAPodAreFoundByTheirAddress) {
  Pod host = pod("host", 1, {}, "10.0.0.8");
  host.instance->network_mode = NetworkMode::host;
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"@10.0.0.8"})},
       {pod("a", 1, {}, "10.0.0.8"), pod("b", 1, {}, "10.0.0.9"), host});
  EXPECT_THAT(ways_to(*listed_["a"]), SizeIs(1));
  EXPECT_THAT(ways_to(*listed_["b"]), IsEmpty());
  EXPECT_THAT(ways_to(*listed_["host"]), IsEmpty());
  EXPECT_THAT(apply(EventType::put, slice("web-x", "web", {"@10.0.0.9"})),
              UnorderedElementsAre("put a", "put b"));
}

TEST_F(RosterTest, OwnPortsAreKeptHoweverManyThereAre) {
  Pod many = pod("a", 1);
  many.instance->ports.clear();
  for (std::uint16_t port = 1; port <= 100; ++port) {
    many.instance->ports.push_back({.host_ip = {}, .container_port = port, .name = {}});
  }
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"a"})}, {many});
  EXPECT_THAT(listed_["a"]->ports, SizeIs(101));
  EXPECT_THAT(apply(EventType::deleted, service("web", "")), ElementsAre("put a"));
  EXPECT_THAT(last_->ports, SizeIs(100));
  EXPECT_THAT(apply(EventType::put, service("web", "10.96.0.2")), ElementsAre("put a"));
  EXPECT_THAT(last_->ports, SizeIs(101));
}

TEST_F(RosterTest, AListBesideAWatchTakesWhatTheWatchKnows) {
  list({service("web", "10.96.0.1")}, {slice("web-x", "web", {"a"})}, {pod("a", 1)});
  Roster beside;
  beside.begin_round();
  beside.put(service("web", "10.96.0.1"));
  beside.put(slice("web-x", "web", {"a"}));
  beside.end_network();
  EXPECT_TRUE(beside.keep(meta_of(pod("a", 1)), &roster_));
  EXPECT_FALSE(beside.keep(meta_of(pod("b", 1)), &roster_));
  const auto same = beside.end_round();
  ASSERT_THAT(same, SizeIs(1));
  EXPECT_EQ(same[0].get(), listed_["a"].get());
  Roster later;
  later.begin_round();
  later.end_network();
  EXPECT_TRUE(later.keep(meta_of(pod("a", 1)), &roster_));
  const auto other = later.end_round();
  EXPECT_THAT(ways_to(*other[0]), IsEmpty());
  EXPECT_THAT(ways_to(*listed_["a"]), SizeIs(1));
}

}  // namespace
}  // namespace rollcall::kubernetes
