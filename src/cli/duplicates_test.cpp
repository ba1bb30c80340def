#include "cli/duplicates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_instances.hpp"

namespace rollcall::cli {
namespace {

InstancePtr at(const std::string& endpoint, const std::string& id = "a",
               InstanceKind kind = InstanceKind::container) {
  Instance instance = web_instance();
  instance.key = {"podman", endpoint, id};
  instance.kind = kind;
  return shared(std::move(instance));
}

class RepetitionsTest : public testing::Test {
 protected:
  bool shows(const RuntimeEvent& event) {
    if (repetitions_.repeats(event, known_)) return false;
    known_.apply(event);
    return true;
  }
  static Stopped stopped(const InstancePtr& instance) {
    return {.id = instance->key.id, .name = instance->name, .last = instance};
  }

  Inventory known_;
  Repetitions repetitions_;
};

TEST_F(RepetitionsTest, WhatTheOtherEndpointToldIsLeftOutUntilItsStop) {
  EXPECT_TRUE(shows(Started{at("one")}));
  EXPECT_FALSE(shows(Started{at("two")}));
  EXPECT_FALSE(shows(Updated{at("two")}));
  EXPECT_TRUE(shows(Updated{at("one")}));
  EXPECT_TRUE(shows(stopped(at("one"))));
  EXPECT_FALSE(shows(stopped(at("two")))) << "it is said already";
  EXPECT_TRUE(shows(Started{at("two")})) << "who is first tells the next run";
  EXPECT_FALSE(shows(Started{at("one")}));
  EXPECT_EQ(known_.size(), 1U);
}

TEST_F(RepetitionsTest, OthersAreShownAndSoAreEventsOfBackends) {
  EXPECT_TRUE(shows(Started{at("one", "a")}));
  EXPECT_TRUE(shows(Started{at("two", "b")}));
  EXPECT_TRUE(shows(Started{at("one", "ssh.service", InstanceKind::service)}));
  EXPECT_TRUE(shows(Started{at("two", "ssh.service", InstanceKind::service)}))
      << "only ids of containers are unlike all others";
  EXPECT_TRUE(shows(BackendDisconnected{.backend = "podman", .reason = "gone"}));
}

TEST(KeepFirstOfEach, KeepsThatOfTheFirstEndpoint) {
  std::vector<InstancePtr> all = {at("one"), at("one", "b"), at("two"),
                                  at("one", "s", InstanceKind::service),
                                  at("two", "s", InstanceKind::service)};
  keep_first_of_each(all);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0]->key.endpoint, "one");
}

}  // namespace
}  // namespace rollcall::cli
