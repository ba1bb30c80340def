// The contract's sentences, one test each, on an engine in memory and in virtual time.
#include "engine/reflector.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/inventory.hpp>

#include "support/fake_engine.hpp"
#include "support/virtual_env.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::make_instance;
using test::unavailable;
using testing::ElementsAre;
using testing::IsEmpty;

std::string describe(const RuntimeEvent& event) {
  std::string text(type_of(event));
  if (const auto* stopped = std::get_if<Stopped>(&event)) {
    return text + " " + stopped->name + " " + std::string(to_string(stopped->cause));
  }
  const auto* started = std::get_if<Started>(&event);
  const auto* updated = std::get_if<Updated>(&event);
  if (started != nullptr || updated != nullptr) {
    const InstancePtr& instance = started != nullptr ? started->instance : updated->instance;
    const Cause cause = started != nullptr ? started->cause : updated->cause;
    return text + " " + instance->name + " " + std::string(to_string(cause));
  }
  return text;
}

class ReflectorTest : public testing::Test {
 protected:
  void SetUp() override { make_reflector({}); }

  void TearDown() override {
    stop_.request_stop();
    settle();
  }

  void make_reflector(ReflectorOptions options) {
    reflector_ = std::make_unique<Reflector>(engine_.driver(), io_.get_executor(), env_, options);
  }

  void watch() {
    channel_.emplace(make_event_channel(io_.get_executor()));
    stop_ = {};
    ended_.reset();
    boost::asio::co_spawn(io_, reflector_->watch(std::move(channel_->sender), stop_.get_token()),
                          [this](const std::exception_ptr& thrown, Result<void> result) {
                            ASSERT_EQ(thrown, nullptr);
                            ended_ = std::move(result);
                          });
    settle();
  }

  void settle() { env_->advance(0s); }

  std::vector<std::string> events() {
    settle();
    std::vector<std::string> all;
    while (auto event = channel_->receiver.try_receive()) {
      inventory_.apply(*event);
      all.push_back(describe(*event));
    }
    return all;
  }

  Result<std::vector<InstancePtr>> list() {
    std::optional<Result<std::vector<InstancePtr>>> listed;
    boost::asio::co_spawn(
        io_, reflector_->list_instances(),
        [&](const std::exception_ptr&, auto result) { listed = std::move(result); });
    settle();
    return *listed;
  }

  void cancel_and_expect_nothing_left() {
    stop_.request_stop();
    settle();
    ASSERT_TRUE(ended_.has_value());
    EXPECT_TRUE(ended_->has_value());
    io_.restart();
    EXPECT_EQ(io_.poll(), 0U);
    EXPECT_TRUE(io_.stopped()) << "something is left on the executor";
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  test::FakeEngine engine_{io_, env_};
  std::unique_ptr<Reflector> reflector_;
  std::optional<EventChannel> channel_;
  std::stop_source stop_;
  std::optional<Result<void>> ended_;
  Inventory inventory_;
};

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
  engine_.signal(Gone{"1"});
  settle();
  engine_.release_lists();
  events();
  EXPECT_EQ(inventory_.size(), 0U);
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

TEST_F(ReflectorTest, AFirstAttemptThatFailsIsDisconnectedOnceAndReconnectedAfterTheFirstSync) {
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

TEST_F(ReflectorTest, ABrokenStreamIsDisconnectedAtOnceAndDifferencesComeBeforeReconnected) {
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

TEST_F(ReflectorTest, LosingTheConnectionAgainWhileReconnectingIsNoSecondDisconnected) {
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

TEST_F(ReflectorTest, ANormalEndThatIsResumedAtOnceIsNoEvent) {
  watch();
  env_->advance(5s);
  engine_.put(make_instance("1", "a"));
  engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("started a resync"));
  EXPECT_EQ(engine_.connects, 2);
}

TEST_F(ReflectorTest, ANormalEndThatCannotBeResumedIsDisconnected) {
  watch();
  env_->advance(5s);
  engine_.connect_error = unavailable();
  engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
}

TEST_F(ReflectorTest, AStreamThatEndsAtOnceIsAFailureAndMakesNoBusyLoop) {
  watch();
  for (int i = 0; i < 1000; ++i) engine_.end_stream();
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  env_->advance(10s);
  EXPECT_LT(engine_.connects, 30);
}

TEST_F(ReflectorTest, AFailedListStaysPendingUntilItSucceeds) {
  engine_.put(make_instance("1", "a"));
  engine_.list_error = unavailable("list");
  watch();
  env_->advance(5s);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.list_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a initial", "backend_reconnected"));
}

TEST_F(ReflectorTest, AFailedReadingDropsTheSessionAndLosesNothing) {
  watch();
  engine_.put(make_instance("1", "a"));
  engine_.read_error = unavailable("read");
  engine_.touch("1", RunMark::began);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.read_error.reset();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a resync", "backend_reconnected"));
}

TEST_F(ReflectorTest, ARunThatEndedDuringTheOutageIsToldIfTheReplaySaysSo) {
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

TEST_F(ReflectorTest, AWrongConfigurationEndsTheWatch) {
  engine_.connect_error = RuntimeError{.kind = ErrorKind::invalid_config, .what = "no such kind"};
  watch();
  settle();
  ASSERT_TRUE(ended_ && !ended_->has_value());
  EXPECT_EQ(ended_->error().what, "no such kind");
}

TEST_F(ReflectorTest, ThePeriodicListFindsWhatTheStreamLost) {
  watch();
  engine_.put(make_instance("1", "a"));
  env_->advance(7min);
  EXPECT_THAT(events(), IsEmpty());
  env_->advance(5min);
  EXPECT_THAT(events(), ElementsAre("started a resync"));
}

TEST_F(ReflectorTest, NoPeriodicListWhereTheStreamIsTheTruth) {
  engine_.resync_period = 0s;
  watch();
  env_->advance(2h);
  EXPECT_EQ(engine_.lists, 1);
}

TEST_F(ReflectorTest, AQuietStreamIsProbedEveryThirtySeconds) {
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

TEST_F(ReflectorTest, OneWithoutItsAddressIsLookedAtThreeTimesMore) {
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
  env_->advance(20s);
  EXPECT_EQ(engine_.reads, 4);
}

TEST_F(ReflectorTest, ADoubtDuringAListListsAgainBeforeReconnected) {
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

TEST_F(ReflectorTest, AChangeOfTheEndpointEndsTheWaitAtOnce) {
  engine_.connect_error = unavailable();
  watch();
  env_->advance(10s);
  engine_.connect_error.reset();
  const int before = engine_.connects;
  engine_.change_endpoint();
  env_->advance(25ms);
  EXPECT_EQ(engine_.connects, before + 1);
}

TEST_F(ReflectorTest, DelaysGrowToTheCapAndNoFurther) {
  env_->chance = 0.999;
  engine_.connect_error = unavailable();
  watch();
  env_->advance(3100ms);  // 0.1 + 0.2 + 0.4 + 0.8 + 1.6
  EXPECT_EQ(engine_.connects, 6);
  env_->advance(20s);  // every 2 s
  EXPECT_EQ(engine_.connects, 16);
}

TEST_F(ReflectorTest, ARefusalIsRepeatedSeldomAndLoggedOnce) {
  std::vector<std::string> logged;
  make_reflector({.log = [&](LogLevel, std::string_view text) { logged.emplace_back(text); }});
  engine_.connect_error = RuntimeError{.kind = ErrorKind::denied, .what = "no rights"};
  watch();
  env_->advance(20s);
  EXPECT_LE(engine_.connects, 21);
  EXPECT_EQ(logged.size(), 1U);
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
