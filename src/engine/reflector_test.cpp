// The contract's sentences about calls and events, one test each.

#include "engine/reflector.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/reflector_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::make_instance;
using test::unavailable;
using testing::ElementsAre;
using testing::IsEmpty;

using ReflectorTest = test::ReflectorTest;

TEST_F(ReflectorTest, EveryRunningInstanceIsStartedInitiallyAndThenSynced) {
  engine_.put(make_instance("1", "a"));
  engine_.put(make_instance("2", "b", InstanceState::paused));
  engine_.put(make_instance("3", "c", InstanceState::stopped));
  watch();
  EXPECT_FALSE(channel_->receiver.synced());
  EXPECT_THAT(events(), ElementsAre("started a initial", "started b initial"));
  EXPECT_TRUE(channel_->receiver.synced());
}

TEST_F(ReflectorTest, AnEngineWithNothingIsSyncedToo) {
  watch();
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_TRUE(channel_->receiver.synced());
}

TEST_F(ReflectorTest, ChangesAreRelativeToWhatAListTold) {
  engine_.put(make_instance("1", "a"));
  engine_.put(make_instance("2", "b"));
  ASSERT_EQ(list()->size(), 2U);
  engine_.remove("1");
  engine_.put(make_instance("3", "c"));
  watch();
  EXPECT_THAT(events(), ElementsAre("stopped a resync", "started c resync"));
}

TEST_F(ReflectorTest, AListDuringAWatchDoesNotChangeWhatTheWatchSends) {
  watch();
  engine_.put(make_instance("1", "a"));
  ASSERT_EQ(list()->size(), 1U);
  engine_.touch("1", RunMark::began);
  EXPECT_THAT(events(), ElementsAre("started a live"));
}

TEST_F(ReflectorTest, AListThatBeganDuringAWatchIsNotWhatTheNextOneStartsFrom) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.hold_lists();
  boost::asio::co_spawn(io_, reflector_->list_instances(), boost::asio::detached);
  settle();
  stop_.request_stop();
  settle();
  engine_.release_lists();
  settle();
  watch();
  EXPECT_THAT(events(), ElementsAre("started a resync"));
}

TEST_F(ReflectorTest, AListIsCompleteOrAnError) {
  engine_.put(make_instance("1", "a"));
  engine_.list_error = unavailable("cut");
  const auto listed = list();
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().what, "cut");
}

TEST_F(ReflectorTest, StoppedInstancesAreListedOnlyWhereAskedForAndNeverWatched) {
  make_reflector({.include_stopped = true});
  engine_.put(make_instance("1", "a", InstanceState::stopped));
  EXPECT_EQ(list()->size(), 1U);
  watch();
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, ASecondWatchIsBusy) {
  watch();
  auto other = make_event_channel(io_.get_executor());
  std::optional<Result<void>> result;
  boost::asio::co_spawn(io_, reflector_->watch(std::move(other.sender), {}),
                        [&](const std::exception_ptr&, auto r) { result = std::move(r); });
  settle();
  ASSERT_TRUE(result && !result->has_value());
  EXPECT_EQ(result->error().kind, ErrorKind::busy);
}

TEST_F(ReflectorTest, CancellingEndsAQuietWatchWithNothingLeft) {
  watch();
  cancel_and_expect_nothing_left();
}

TEST_F(ReflectorTest, CancellingEndsAWatchInAnyStateWithNothingLeft) {
  engine_.hold_lists();
  watch();
  cancel_and_expect_nothing_left();

  engine_.release_lists();
  engine_.connect_error = unavailable();
  watch();
  cancel_and_expect_nothing_left();

  engine_.connect_error.reset();
  watch();
  engine_.hold_reads();
  engine_.put(make_instance("1", "a"));
  engine_.touch("1", RunMark::began);
  settle();
  cancel_and_expect_nothing_left();
}

TEST_F(ReflectorTest, AWatchCanBeCancelledBeforeItBegins) {
  stop_.request_stop();
  const auto token = stop_.get_token();
  channel_.emplace(make_event_channel(io_.get_executor()));
  boost::asio::co_spawn(io_, reflector_->watch(std::move(channel_->sender), token),
                        [this](const std::exception_ptr&, auto r) { ended_ = std::move(r); });
  settle();
  EXPECT_TRUE(ended_ && ended_->has_value());
}

TEST_F(ReflectorTest, ClosingTheChannelEndsTheWatch) {
  watch();
  channel_->receiver.close();
  settle();
  EXPECT_TRUE(ended_ && ended_->has_value());
}

TEST_F(ReflectorTest, WhatWasNeverReceivedIsToldByTheNextWatch) {
  engine_.put(make_instance("1", "a"));
  watch();
  EXPECT_THAT(events(), ElementsAre("started a initial"));
  engine_.put(make_instance("1", "a2"));
  engine_.touch("1", RunMark::changed);
  engine_.put(make_instance("2", "b"));
  engine_.touch("2", RunMark::began);
  settle();
  channel_->receiver.close();
  settle();
  watch();
  EXPECT_THAT(events(), ElementsAre("updated a2 resync", "started b resync"));
}

TEST_F(ReflectorTest, ANewWatchTellsOnlyWhatChangedSinceTheLast) {
  engine_.put(make_instance("1", "a"));
  watch();
  EXPECT_THAT(events(), ElementsAre("started a initial"));
  stop_.request_stop();
  settle();
  engine_.put(make_instance("2", "b"));
  watch();
  EXPECT_THAT(events(), ElementsAre("started b resync"));
}

TEST_F(ReflectorTest, StartsUpdatesAndEndsAreToldAsTheyHappen) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.touch("1", RunMark::began);
  EXPECT_THAT(events(), ElementsAre("started a live"));
  engine_.put(make_instance("1", "a", InstanceState::paused));
  engine_.touch("1", RunMark::changed);
  EXPECT_THAT(events(), ElementsAre("updated a live"));
  engine_.remove("1");
  engine_.touch("1", RunMark::ended);
  EXPECT_THAT(events(), ElementsAre("stopped a live"));
}

TEST_F(ReflectorTest, ASignalWithoutADifferenceIsNothing) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  engine_.touch("1", RunMark::changed);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, AChangeOfOneThatDoesNotRunIsNotRead) {
  watch();
  engine_.touch("1", RunMark::changed);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(engine_.reads, 0);
}

TEST_F(ReflectorTest, AnEndThatFindsItRunningAgainIsStoppedAndStarted) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  env_->advance(1s);
  engine_.touch("1", RunMark::ended);
  EXPECT_THAT(events(), ElementsAre("stopped a live", "started a live"));
}

TEST_F(ReflectorTest, AnEndThatFindsItRestartingIsAnUpdate) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  env_->advance(1s);
  engine_.put(make_instance("1", "a", InstanceState::restarting));
  engine_.touch("1", RunMark::ended);
  EXPECT_THAT(events(), ElementsAre("updated a live"));
}

TEST_F(ReflectorTest, AnEndOlderThanThePresentRunIsIgnored) {
  engine_.put(make_instance("1", "a"));
  const Timestamp before = env_->now();
  env_->advance(1s);
  watch();
  EXPECT_THAT(events(), ElementsAre("started a initial"));
  engine_.signal(Touched{.id = "1", .at = before, .mark = RunMark::ended});
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, AnEndThatIsSignalledAgainIsToldOnce) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  env_->advance(1s);
  const Touched end{.id = "1", .at = env_->now(), .mark = RunMark::ended};
  env_->advance(1s);
  engine_.signal(end);
  EXPECT_THAT(events(), ElementsAre("stopped a live", "started a live"));
  engine_.signal(end);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, WhatIsTouchedDuringAListIsReadAgainAfterIt) {
  engine_.hold_lists();
  engine_.put(make_instance("1", "a"));
  watch();
  engine_.remove("1");  // the list under way still holds it
  engine_.touch("1", RunMark::ended);
  engine_.put(make_instance("2", "b"));
  engine_.touch("2", RunMark::began);
  settle();
  EXPECT_EQ(engine_.reads, 0);
  engine_.release_lists();
  events();
  EXPECT_EQ(inventory_.size(), 1U);
  EXPECT_EQ(inventory_.list().front()->name, "b");
}

TEST_F(ReflectorTest, OneThatIsDestroyedDuringAListIsNoGhost) {
  engine_.hold_lists();
  engine_.put(make_instance("1", "a"));
  watch();
  engine_.remove("1");
  engine_.signal(Gone{.id = "1", .at = env_->now()});
  settle();
  engine_.release_lists();
  events();
  EXPECT_EQ(inventory_.size(), 0U);
}

TEST_F(ReflectorTest, ALateWordOfARemovalDoesNotEndTheNextRunOfTheSameId) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  env_->advance(1s);
  const Gone removed{.id = "1", .at = env_->now()};
  env_->advance(1s);
  engine_.put(make_instance("1", "b"));  // made anew
  engine_.touch("1", RunMark::ended);
  EXPECT_THAT(events(), ElementsAre("stopped a live", "started b live"));
  engine_.signal(removed);
  EXPECT_THAT(events(), IsEmpty());
  engine_.remove("1");
  env_->advance(1s);
  engine_.signal(Gone{.id = "1", .at = env_->now()});
  EXPECT_THAT(events(), ElementsAre("stopped b live"));
}

TEST_F(ReflectorTest, ARemovalUnderAClockThatWasSetBackIsNoGhost) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  engine_.remove("1");
  engine_.signal(Gone{.id = "1", .at = env_->now() - 1h});
  EXPECT_THAT(events(), ElementsAre("stopped a live"));
}

TEST_F(ReflectorTest, OneThatIsDestroyedWhileItIsReadIsNoGhost) {
  watch();
  engine_.hold_reads();
  engine_.put(make_instance("1", "a"));
  engine_.touch("1", RunMark::began);
  settle();
  engine_.remove("1");
  engine_.signal(Gone{"1"});
  settle();
  engine_.release_reads();
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, AReadingFromBeforeAListDoesNotOverrideTheList) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  engine_.hold_reads();
  engine_.put(make_instance("1", "old"));
  engine_.touch("1", RunMark::changed);
  settle();  // reads "old", and is held
  engine_.put(make_instance("1", "new"));
  engine_.signal(ResyncNeeded{"test"});
  EXPECT_THAT(events(), ElementsAre("updated new resync"));
  engine_.release_reads();
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(ReflectorTest, SignalsAboutOneInstanceAreReadOneAfterTheOther) {
  engine_.put(make_instance("1", "a"));
  watch();
  events();
  engine_.hold_reads();
  for (int i = 0; i < 100; ++i) engine_.touch("1", RunMark::changed);
  settle();
  EXPECT_EQ(engine_.reads, 1);
  engine_.put(make_instance("1", "b"));
  for (int i = 0; i < 100; ++i) engine_.touch("1", RunMark::changed);
  settle();
  EXPECT_EQ(engine_.reads, 1);
  engine_.release_reads();
  EXPECT_THAT(events(), ElementsAre("updated b live"));
  EXPECT_EQ(engine_.reads, 2);
}

TEST_F(ReflectorTest, AtMostEightReadingsAreInFlightAndTheRestIsBatched) {
  watch();
  engine_.hold_reads();
  for (int i = 0; i < 60; ++i) {
    const std::string id = std::to_string(i);
    engine_.put(make_instance(id, id));
    engine_.touch(id, RunMark::began);
    settle();
  }
  EXPECT_EQ(engine_.reads, 8);
  engine_.release_reads();
  EXPECT_EQ(events().size(), 60U);
  EXPECT_LE(engine_.reads, 10);
}

TEST_F(ReflectorTest, ASlowConsumerGetsAtMostTwoEventsAnInstance) {
  watch();
  for (int run = 0; run < 50; ++run) {
    env_->advance(1s);
    engine_.put(make_instance("1", "run " + std::to_string(run)));
    engine_.touch("1", RunMark::ended);
    settle();
    engine_.touch("1", RunMark::began);
    settle();
  }
  EXPECT_THAT(events(), ElementsAre("started run 49 live"));
}

TEST_F(ReflectorTest, AWholeInstanceInTheStreamNeedsNoReading) {
  watch();
  engine_.signal(Upsert{make_instance("1", "a")});
  EXPECT_THAT(events(), ElementsAre("started a live"));
  engine_.signal(Upsert{make_instance("1", "b")});
  EXPECT_THAT(events(), ElementsAre("updated b live"));
  engine_.signal(Upsert{make_instance("1", "b", InstanceState::stopped)});
  EXPECT_THAT(events(), ElementsAre("stopped b live"));
  EXPECT_EQ(engine_.reads, 0);
}

TEST_F(ReflectorTest, AsiosOwnCancellationLeavesNothingBehind) {
  boost::asio::cancellation_signal signal;
  channel_.emplace(make_event_channel(io_.get_executor()));
  bool thrown = false;
  boost::asio::co_spawn(
      io_, reflector_->watch(std::move(channel_->sender), {}),
      boost::asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& error,
                                                             auto) { thrown = error != nullptr; }));
  settle();
  signal.emit(boost::asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(io_.stopped());
}

}  // namespace
}  // namespace rollcall
