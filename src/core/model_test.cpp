#include <cstdlib>
#include <functional>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>
#include <rollcall/config.hpp>
#include <rollcall/event.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

namespace rollcall {
namespace {

TEST(Kinds, EveryKindIsParsedFromItsOwnWord) {
  for (const auto kind :
       {RuntimeBackendKind::automatic, RuntimeBackendKind::docker, RuntimeBackendKind::podman,
        RuntimeBackendKind::systemd, RuntimeBackendKind::incus, RuntimeBackendKind::kubernetes,
        RuntimeBackendKind::host}) {
    EXPECT_EQ(parse_kind(to_string(kind)), kind) << to_string(kind);
  }
}

TEST(Kinds, OtherNamesOfARuntimeAreUnderstood) {
  EXPECT_EQ(parse_kind("lxc"), RuntimeBackendKind::incus);
  EXPECT_EQ(parse_kind("lxd"), RuntimeBackendKind::incus);
  EXPECT_EQ(parse_kind("k8s"), RuntimeBackendKind::kubernetes);
}

TEST(Kinds, ParsingIsCaseBlind) {
  EXPECT_EQ(parse_kind("Docker"), RuntimeBackendKind::docker);
  EXPECT_EQ(parse_kind("K8S"), RuntimeBackendKind::kubernetes);
}

TEST(Kinds, WhatIsNoKindIsNothing) {
  for (const std::string_view word : {"", "all", "dock", "docker ", "dockerd", "automatic"}) {
    EXPECT_EQ(parse_kind(word), std::nullopt) << word;
  }
}

TEST(Kinds, EnumeratorsAreWrittenInSnakeCase) {
  EXPECT_EQ(to_string(RuntimeBackendKind::automatic), "auto");
  EXPECT_EQ(to_string(InstanceKind::vm), "vm");
  EXPECT_EQ(to_string(InstanceState::reloading), "reloading");
  EXPECT_EQ(to_string(Health::unhealthy), "unhealthy");
  EXPECT_EQ(to_string(AddressFamily::ipv6), "ipv6");
  EXPECT_EQ(to_string(Protocol::sctp), "sctp");
  EXPECT_EQ(to_string(PortScope::published), "published");
  EXPECT_EQ(to_string(NetworkMode::joined), "joined");
  EXPECT_EQ(to_string(ErrorKind::invalid_config), "invalid_config");
  EXPECT_EQ(to_string(ConnectFault::not_this_api), "not_this_api");
  EXPECT_EQ(to_string(Cause::resync), "resync");
}

TEST(Kinds, AnErrorIsDescribedInOneSentence) {
  const RuntimeError error{.kind = ErrorKind::denied,
                           .fault = ConnectFault::denied,
                           .endpoint = "unix:///run/x.sock",
                           .what = "permission denied",
                           .remedy = "add yourself to the group docker"};
  EXPECT_EQ(error.describe(),
            "unix:///run/x.sock: permission denied; add yourself to the group docker");
  std::ostringstream out;
  out << error;
  EXPECT_EQ(out.str(), "denied: " + error.describe());
}

TEST(Kinds, ADescriptionLeavesOutWhatTheErrorDoesNotSay) {
  RuntimeError error;
  error.what = "a second watch";
  EXPECT_EQ(error.describe(), "a second watch");
}

TEST(Kinds, TheEnvironmentTellsUnsetFromEmpty) {
  ASSERT_EQ(setenv("ROLLCALL_KINDS_TEST", "", 1), 0);
  const Getenv environment = process_environment();
  EXPECT_EQ(environment("ROLLCALL_KINDS_TEST"), "");
  ASSERT_EQ(unsetenv("ROLLCALL_KINDS_TEST"), 0);
  EXPECT_EQ(environment("ROLLCALL_KINDS_TEST"), std::nullopt);
}

TEST(Kinds, OnlyWhatIsStoppedIsOutsideTheRunningSet) {
  for (const auto state :
       {InstanceState::running, InstanceState::paused, InstanceState::restarting,
        InstanceState::reloading, InstanceState::unknown, InstanceState::stopped}) {
    Instance instance;
    instance.state = state;
    EXPECT_EQ(in_running_set(instance), state != InstanceState::stopped) << to_string(state);
  }
}

template <class T>
std::shared_ptr<const Details> details_with(T Details::* field, std::type_identity_t<T> value) {
  Details details;
  details.*field = std::move(value);
  return std::make_shared<const Details>(std::move(details));
}

TEST(Kinds, ADifferenceInAnyFieldIsADifferentContent) {
  const std::vector<std::function<void(Instance&)>> changes{
      [](Instance& i) { i.key.id = "x"; },
      [](Instance& i) { i.name = "x"; },
      [](Instance& i) { i.kind = InstanceKind::vm; },
      [](Instance& i) { i.state = InstanceState::paused; },
      [](Instance& i) { i.health = Health::healthy; },
      [](Instance& i) { i.network_mode = NetworkMode::host; },
      [](Instance& i) { i.network_owner = "x"; },
      [](Instance& i) { i.reason = "x"; },
      [](Instance& i) { i.image = "x"; },
      [](Instance& i) { i.group = "x"; },
      [](Instance& i) { i.service = "x"; },
      [](Instance& i) { i.node = "x"; },
      [](Instance& i) { i.addresses.emplace_back(); },
      [](Instance& i) { i.ports.emplace_back(); },
      [](Instance& i) { i.labels = Labels({{"x", ""}}); },
      [](Instance& i) { i.metadata = std::make_shared<const Metadata>(); },
      [](Instance& i) { i.details = details_with(&Details::description, "x"); },
      [](Instance& i) { i.details = details_with(&Details::definition, "x"); },
      [](Instance& i) { i.details = details_with(&Details::user, "x"); },
      [](Instance& i) { i.details = details_with(&Details::command, {"x"}); },
      [](Instance& i) { i.details = details_with(&Details::pid, 1); },
      [](Instance& i) { i.problems.emplace_back(); },
      [](Instance& i) { i.created_at = Timestamp{}; },
      [](Instance& i) { i.started_at = Timestamp{}; },
      [](Instance& i) { i.run = "x"; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Instance changed;
    changes[i](changed);
    EXPECT_FALSE(same_content(Instance{}, changed)) << "change " << i;
    EXPECT_TRUE(same_content(changed, Instance(changed))) << "change " << i;
  }
}

TEST(Kinds, WhenItWasDiscoveredIsNoPartOfTheContent) {
  Instance later;
  later.discovered_at = Timestamp(std::chrono::seconds(1));
  EXPECT_TRUE(same_content(Instance{}, later));
}

TEST(Kinds, ACounterIsNoPartOfTheContent) {
  Instance once;
  once.details = details_with(&Details::restarts, 1);
  Instance twice;
  twice.details = details_with(&Details::restarts, 2);
  EXPECT_TRUE(same_content(once, twice));
  EXPECT_FALSE(same_content(once, Instance{}));
}

TEST(Kinds, MetadataIsComparedByValue) {
  Metadata enabled;
  enabled.enable = {.value = true, .source = "rollcall.enable"};
  Instance a;
  Instance b;
  a.metadata = std::make_shared<const Metadata>(enabled);
  b.metadata = std::make_shared<const Metadata>(enabled);
  EXPECT_TRUE(same_content(a, b));
  b.metadata = std::make_shared<const Metadata>();
  EXPECT_FALSE(same_content(a, b));
}

TEST(Kinds, AnEventOfAnInstanceHasItsKeyAndAnEventOfTheBackendHasNone) {
  Instance instance;
  instance.key.id = "c1";
  const auto shared = std::make_shared<const Instance>(instance);
  for (const RuntimeEvent& event : std::vector<RuntimeEvent>{
           Started{shared}, Updated{shared}, Stopped{.id = "c1", .name = "", .last = shared}}) {
    ASSERT_NE(key_of(event), nullptr) << type_of(event);
    EXPECT_EQ(key_of(event)->id, "c1") << type_of(event);
  }
  EXPECT_EQ(key_of(BackendDisconnected{}), nullptr);
  EXPECT_EQ(key_of(BackendReconnected{}), nullptr);
}

}  // namespace
}  // namespace rollcall
