// Tests the judge of the live tests: each law has an event that breaks it.
#include "support/checked_fold.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::support {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstancePtr instance(const std::string& id, InstanceState state = InstanceState::running) {
  Instance made;
  made.key.id = id;
  made.name = "name-of-" + id;
  made.state = state;
  return std::make_shared<const Instance>(std::move(made));
}

Stopped stopped(const InstancePtr& last) {
  return {.id = last->key.id, .name = last->name, .last = last, .cause = Cause::live};
}

std::vector<std::string> breaches_of(const std::vector<RuntimeEvent>& events) {
  CheckedFold fold;
  for (const auto& event : events) fold.apply(event);
  return fold.breaches();
}

TEST(CheckedFold, accepts_a_lawful_life) {
  const auto running = instance("a");
  const auto paused = instance("a", InstanceState::paused);
  EXPECT_THAT(breaches_of({Started{running}, Updated{paused}, Stopped(stopped(paused)),
                           Started{running}, BackendDisconnected{"docker", "e", "end of stream"},
                           Updated{paused, Cause::resync}, BackendReconnected{"docker", "e"}}),
              IsEmpty());
}

TEST(CheckedFold, folds) {
  CheckedFold fold;
  fold.apply(Started{instance("a")});
  fold.apply(Started{instance("b")});
  fold.apply(stopped(instance("a")));
  EXPECT_EQ(fold.running().size(), 1U);
  EXPECT_EQ(fold.find("name-of-b")->key.id, "b");
  EXPECT_EQ(fold.find("name-of-a"), nullptr);
  EXPECT_EQ(fold.history_of("a"), "started stopped");
  EXPECT_EQ(fold.count("started"), 2U);
}

TEST(CheckedFold, sees_a_second_start) {
  EXPECT_THAT(breaches_of({Started{instance("a")}, Started{instance("a")}}),
              ElementsAre("a started twice"));
}

TEST(CheckedFold, sees_a_start_of_what_does_not_run) {
  EXPECT_THAT(breaches_of({Started{instance("a", InstanceState::stopped)}}),
              ElementsAre("a started, but does not run"));
}

TEST(CheckedFold, sees_an_update_before_the_start) {
  EXPECT_THAT(breaches_of({Updated{instance("a")}}),
              ElementsAre("a was updated before it started"));
}

TEST(CheckedFold, sees_an_update_without_a_difference) {
  EXPECT_THAT(breaches_of({Started{instance("a")}, Updated{instance("a")}}),
              ElementsAre("a was updated without a difference"));
}

TEST(CheckedFold, sees_a_ghost_stop) {
  EXPECT_THAT(breaches_of({stopped(instance("a"))}), ElementsAre("a stopped, but was not running"));
}

TEST(CheckedFold, sees_a_stop_with_another_last_state) {
  EXPECT_THAT(breaches_of({Started{instance("a")}, stopped(instance("a", InstanceState::paused))}),
              ElementsAre("a stopped with a last state that was never told"));
  EXPECT_THAT(
      breaches_of({Started{instance("a")}, Stopped{.id = "a", .name = "a", .last = nullptr}}),
      ElementsAre("a stopped without its last state"));
}

TEST(CheckedFold, sees_connections_that_do_not_alternate) {
  const BackendDisconnected lost{"docker", "e", "end of stream"};
  EXPECT_THAT(breaches_of({lost, lost}), ElementsAre("disconnected twice"));
  EXPECT_THAT(breaches_of({BackendReconnected{"docker", "e"}}),
              ElementsAre("reconnected without having been disconnected"));
  EXPECT_THAT(breaches_of({lost, BackendReconnected{"docker", "other"}}),
              ElementsAre("reconnected is not who was disconnected"));
  EXPECT_THAT(breaches_of({BackendDisconnected{"docker", "e", ""}}),
              ElementsAre("disconnected without a reason"));
}

TEST(CheckedFold, sees_live_events_while_disconnected) {
  EXPECT_THAT(breaches_of({BackendDisconnected{"docker", "e", "end of stream"},
                           Started{instance("a"), Cause::live}}),
              ElementsAre("a live event of a while disconnected"));
}

}  // namespace
}  // namespace rollcall::support
