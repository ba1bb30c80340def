// The contract's sentences about losing an engine and finding it again, one test each.

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/reflector.hpp"
#include "support/reflector_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::make_instance;
using test::unavailable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using ReflectorHealingTest = test::ReflectorTest;

TEST_F(ReflectorHealingTest,
       AFirstAttemptThatFailsIsDisconnectedOnceAndReconnectedAfterTheFirstSync) {
  engine_.connect_error = unavailable("no engine");
  engine_.put(make_instance("1", "a"));
  watch();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  env_->advance(20s);
  EXPECT_THAT(events(), IsEmpty());
  engine_.connect_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a initial", "backend_reconnected"));
  EXPECT_TRUE(channel_->receiver.synced());
}

TEST_F(ReflectorHealingTest, ABrokenStreamIsDisconnectedAtOnceAndDifferencesComeBeforeReconnected) {
  engine_.put(make_instance("1", "a"));
  engine_.put(make_instance("2", "b"));
  engine_.put(make_instance("3", "c"));
  watch();
  events();
  engine_.connect_error = unavailable();
  engine_.break_stream(unavailable("cut"));
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.remove("1");
  engine_.put(make_instance("2", "b2"));
  engine_.put(make_instance("4", "d"));
  env_->advance(10s);
  EXPECT_THAT(events(), IsEmpty()) << "disconnected is not stopped";
  engine_.connect_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("stopped a resync", "updated b2 resync", "started d resync",
                                    "backend_reconnected"));
}

TEST_F(ReflectorHealingTest, LosingTheConnectionAgainWhileReconnectingIsNoSecondDisconnected) {
  watch();
  events();
  engine_.hold_lists();
  engine_.break_stream(unavailable());
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  env_->advance(3s);
  engine_.break_stream(unavailable());
  EXPECT_THAT(events(), IsEmpty());
  engine_.release_lists();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("backend_reconnected"));
}

TEST_F(ReflectorHealingTest, ANormalEndThatIsResumedAtOnceIsNoEvent) {
  watch();
  env_->advance(5s);
  engine_.put(make_instance("1", "a"));
  engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("started a resync"));
  EXPECT_EQ(engine_.connects, 2);
}

TEST_F(ReflectorHealingTest, ANormalEndThatCannotBeResumedIsDisconnected) {
  watch();
  env_->advance(5s);
  engine_.connect_error = unavailable();
  engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
}

TEST_F(ReflectorHealingTest, AStreamThatEndsAtOnceIsAFailureAndMakesNoBusyLoop) {
  watch();
  for (int i = 0; i < 1000; ++i) engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  env_->advance(10s);
  EXPECT_LT(engine_.connects, 30);
}

TEST_F(ReflectorHealingTest, AFailedListStaysPendingUntilItSucceeds) {
  engine_.put(make_instance("1", "a"));
  engine_.list_error = unavailable("list");
  watch();
  env_->advance(5s);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.list_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a initial", "backend_reconnected"));
}

TEST_F(ReflectorHealingTest, AFailedReadingDropsTheSessionAndLosesNothing) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.read_error = unavailable("read");
  engine_.touch("1", RunMark::began);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.read_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a resync", "backend_reconnected"));
}

TEST_F(ReflectorHealingTest, ARunThatEndedDuringTheOutageIsToldIfTheReplaySaysSo) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  engine_.break_stream(unavailable());
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  env_->advance(10ms);
  engine_.touch("1", RunMark::ended);
  env_->advance(3s);
  EXPECT_THAT(events(), testing::UnorderedElementsAre("stopped a resync", "started a resync",
                                                      "backend_reconnected"));
}

TEST_F(ReflectorHealingTest, AWrongConfigurationEndsTheWatch) {
  engine_.connect_error = RuntimeError{.kind = ErrorKind::invalid_config, .what = "no such kind"};
  watch();
  settle();
  ASSERT_TRUE(ended_ && !ended_->has_value());
  EXPECT_EQ(ended_->error().what, "no such kind");
}

TEST_F(ReflectorHealingTest, ThePeriodicListFindsWhatTheStreamLost) {
  watch();
  engine_.put(make_instance("1", "a"));
  env_->advance(7min);
  EXPECT_THAT(events(), IsEmpty());
  env_->advance(5min);
  EXPECT_THAT(events(), ElementsAre("started a resync"));
}

TEST_F(ReflectorHealingTest, NoPeriodicListWhereTheStreamIsTheTruth) {
  engine_.resync_period = 0s;
  watch();
  env_->advance(2h);
  EXPECT_EQ(engine_.lists, 1);
}

TEST_F(ReflectorHealingTest, AQuietStreamIsProbedEveryThirtySeconds) {
  watch();
  env_->advance(29s);
  EXPECT_EQ(engine_.probes, 0);
  env_->advance(2s);
  EXPECT_EQ(engine_.probes, 1);
  engine_.probe_error = unavailable("mute");
  engine_.connect_error = unavailable("mute");
  env_->advance(30s);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
}

TEST_F(ReflectorHealingTest, OneThatIsNotSettledIsLookedAtSixTimesMore) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.unsettled["1"] = true;
  engine_.touch("1", RunMark::began);
  settle();
  EXPECT_EQ(engine_.reads, 1);
  env_->advance(60ms);
  EXPECT_EQ(engine_.reads, 2);
  engine_.put(make_instance("1", "a with address"));
  env_->advance(250ms);
  EXPECT_EQ(engine_.reads, 3);
  EXPECT_THAT(events(), ElementsAre("started a with address live"));
  env_->advance(2min);
  EXPECT_EQ(engine_.reads, 7);
}

TEST_F(ReflectorHealingTest, ANewRunThatIsNotSettledIsLookedAtSixTimesAgain) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.unsettled["1"] = true;
  engine_.touch("1", RunMark::began);
  env_->advance(2min);
  EXPECT_EQ(engine_.reads, 7);
  engine_.touch("1", RunMark::ended);
  env_->advance(2min);
  EXPECT_EQ(engine_.reads, 14);
}

TEST_F(ReflectorHealingTest, OneThatAListShowsStillUnsettledIsLookedAtAsAtFirst) {
  engine_.unsettled["1"] = true;
  engine_.put(make_instance("1", "a"));
  watch();
  env_->advance(2min);  // all looks are spent
  const int reads = engine_.reads;
  engine_.signal(ResyncNeeded{"lost a restart"});
  settle();
  engine_.unsettled["1"] = false;
  engine_.put(make_instance("1", "b"));
  env_->advance(10s);
  events();
  EXPECT_GT(engine_.reads, reads);
  EXPECT_EQ(inventory_.list().front()->name, "b");
}

TEST_F(ReflectorHealingTest, WhatWasTouchedBeforeASessionEndedIsReadInTheNext) {
  engine_.put(make_instance("1", "a"));
  watch();
  env_->advance(20s);
  events();
  engine_.hold_reads();
  engine_.touch("1", RunMark::changed);
  settle();
  EXPECT_EQ(engine_.reads, 1);
  engine_.touch("1", RunMark::changed);  // noted beside the reading
  engine_.end_stream();
  settle();
  EXPECT_EQ(engine_.lists, 2);
  EXPECT_EQ(engine_.reads, 2);
}

TEST_F(ReflectorHealingTest, AnEndBetweenADoubtAndItsListIsReadAgainAfterTheList) {
  watch();
  events();
  engine_.put(make_instance("1", "a"));  // its start was lost
  engine_.hold_lists();
  engine_.signal(ResyncNeeded{"overflow"});
  engine_.touch("1", RunMark::ended);
  settle();
  engine_.remove("1");  // the list under way still holds it
  engine_.release_lists();
  events();
  EXPECT_EQ(inventory_.size(), 0U);
}

TEST_F(ReflectorHealingTest, ADoubtDuringAListListsAgainBeforeReconnected) {
  engine_.connect_error = unavailable();
  watch();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.connect_error.reset();
  engine_.hold_lists();
  env_->advance(3s);
  engine_.put(make_instance("1", "a"));
  engine_.signal(ResyncNeeded{"overflow"});
  settle();
  engine_.release_lists();
  EXPECT_THAT(events(), ElementsAre("started a resync", "backend_reconnected"));
  EXPECT_EQ(engine_.lists, 2);
}

TEST_F(ReflectorHealingTest, AChangeOfTheEndpointEndsTheWaitAtOnce) {
  engine_.connect_error = unavailable();
  watch();
  env_->advance(10s);
  engine_.connect_error.reset();
  const int before = engine_.connects;
  engine_.change_endpoint();
  env_->advance(25ms);
  EXPECT_EQ(engine_.connects, before + 1);
}

TEST_F(ReflectorHealingTest, DelaysGrowToTheCapAndNoFurther) {
  env_->chance = 0.999;
  engine_.connect_error = unavailable();
  watch();
  env_->advance(3100ms);  // 0.1 + 0.2 + 0.4 + 0.8 + 1.6
  EXPECT_EQ(engine_.connects, 6);
  env_->advance(20s);  // every 2 s
  EXPECT_EQ(engine_.connects, 16);
}

TEST_F(ReflectorHealingTest, ARefusalIsRepeatedSeldomAndLoggedOnce) {
  std::vector<std::string> logged;
  make_reflector({.log = [&](LogLevel, std::string_view text) { logged.emplace_back(text); }});
  engine_.connect_error = RuntimeError{.kind = ErrorKind::denied, .what = "no rights"};
  watch();
  env_->advance(20s);
  EXPECT_LE(engine_.connects, 21);
  EXPECT_EQ(logged.size(), 1U);
}

TEST_F(ReflectorHealingTest, SignalsOfUnknownMeaningAreCountedAtTheEndOfTheirSession) {
  std::vector<std::string> logged;
  make_reflector({.log = [&](LogLevel, std::string_view text) { logged.emplace_back(text); }});
  watch();
  engine_.unknown_signals = 3;
  env_->advance(10s);
  engine_.end_stream();
  settle();
  engine_.unknown_signals = 2;
  cancel_and_expect_nothing_left();
  EXPECT_THAT(logged, ElementsAre(HasSubstr("3 in this session, 3 since the first"),
                                  HasSubstr("2 in this session, 5 since the first")));
}

}  // namespace
}  // namespace rollcall
