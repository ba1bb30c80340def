// The calls of the contract, on every backend.
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

static_assert(std::is_copy_constructible_v<EventSender>);
static_assert(std::is_same_v<CancellationToken, std::stop_token>);

std::vector<std::string> names_of(const Instances& instances) {
  std::vector<std::string> names;
  for (const InstancePtr& instance : instances) names.push_back(instance->name);
  return names;
}

class Connect : public Conformance {
 protected:
  void expect_fault(ConnectFault fault) {
    const std::string endpoint = engine().broken_endpoint(fault);
    make_backend({.endpoint = endpoint});
    const auto connected = call(backend().connect());
    ASSERT_FALSE(connected.has_value());
    expect_precise(connected.error(), fault, endpoint);
    const auto listed = list();
    ASSERT_FALSE(listed.has_value());
    expect_precise(listed.error(), fault, endpoint);
  }

  static void expect_precise(const RuntimeError& error, ConnectFault fault,
                             const std::string& endpoint) {
    EXPECT_EQ(error.fault, fault) << error.describe();
    EXPECT_EQ(error.endpoint, endpoint);
    EXPECT_THAT(error.what, Not(IsEmpty()));
    EXPECT_THAT(error.remedy, Not(IsEmpty())) << error.describe();
  }
};

TEST_P(Connect, IsIdempotent) {
  EXPECT_TRUE(call(backend().connect()));
  EXPECT_TRUE(call(backend().connect()));
}

TEST_P(Connect, IsOneAttempt) {
  REQUIRE_ABILITY(outages);
  const std::string endpoint = engine().broken_endpoint(ConnectFault::missing);
  make_backend({.endpoint = endpoint});
  EXPECT_FALSE(call(backend().connect()));
  EXPECT_TRUE(nothing_is_left());
}

TEST_P(Connect, SaysThatItIsMissing) {
  REQUIRE_ABILITY(outages);
  expect_fault(ConnectFault::missing);
}

TEST_P(Connect, SaysThatItIsRefused) {
  REQUIRE_ABILITY(refused);
  expect_fault(ConnectFault::refused);
}

TEST_P(Connect, SaysThatItIsMute) {
  REQUIRE_ABILITY(mute);
  expect_fault(ConnectFault::mute);
}

TEST_P(Connect, SaysThatItIsNotThisApi) {
  REQUIRE_ABILITY(not_this_api);
  expect_fault(ConnectFault::not_this_api);
}

INSTANTIATE_TEST_SUITE_P(Each, Connect, testing::ValuesIn(chosen_backends()), name_of);

class List : public Conformance {};

TEST_P(List, GivesAllThatRunsAndConnectsByItself) {
  engine().run("web");
  engine().run("db");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_THAT(names_of(*listed), testing::UnorderedElementsAre("web", "db"));
  EXPECT_EQ(listed->front()->key.backend, engine().name());
  EXPECT_EQ(listed->front()->key.endpoint, engine().endpoint());
}

TEST_P(List, IsAnErrorWhereThereIsNoEngine) {
  REQUIRE_ABILITY(outages);
  engine().run("web");
  engine().kill_engine();
  EXPECT_FALSE(list());
}

TEST_P(List, HoldsTheRunningSetAlone) {
  engine().create("created");
  engine().stop(engine().run("exited"));
  engine().pause(engine().run("paused"));
  engine().run("running");
  let_time_pass();
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_THAT(names_of(*listed), testing::UnorderedElementsAre("paused", "running"));
}

TEST_P(List, ShowsTheOthersToThoseWhoAskForThem) {
  REQUIRE_ABILITY(ended_ones);
  make_backend({.include_stopped = true});
  engine().create("created");
  const std::string exited = engine().run("exited");
  engine().stop(exited);
  let_time_pass();
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_THAT(names_of(*listed), testing::UnorderedElementsAre("created", "exited"));
  watch();
  ASSERT_TRUE(wait_synced());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_P(List, DuringAWatchIsFreshAndDoesNotChangeWhatTheWatchSends) {
  watch();
  ASSERT_TRUE(wait_synced());
  sleep_as_consumer();
  engine().run("web");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_THAT(names_of(*listed), ElementsAre("web"));
  EXPECT_THAT(told(), IsEmpty());
  wake_as_consumer();
  EXPECT_TRUE(wait_for_count("started", 1));
  EXPECT_THAT(told(), ElementsAre("started web live"));
}

INSTANTIATE_TEST_SUITE_P(Each, List, testing::ValuesIn(chosen_backends()), name_of);

class WatchCall : public Conformance {
 protected:
  /// Removes a reported instance and starts another before the watch begins, and expects only the
  /// difference.
  void expect_the_difference_alone(const std::string& gone) {
    const std::size_t before = fold().events().size();
    engine().remove(gone);
    engine().run("new");
    watch();
    ASSERT_TRUE(wait_synced());
    auto lines = told();
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(before));
    EXPECT_THAT(lines, ElementsAre("stopped gone resync", "started new resync"));
  }
};

TEST_P(WatchCall, EndsWithSuccessWhenCancelledWithNothingLeft) {
  engine().run("quiet");
  watch();
  ASSERT_TRUE(wait_synced());
  const auto ended = cancel();
  ASSERT_TRUE(ended.has_value()) << "not within a second";
  EXPECT_TRUE(ended->has_value());
  receiver().close();
  EXPECT_TRUE(nothing_is_left());
}

TEST_P(WatchCall, EndsWithSuccessWhenTheChannelIsClosedWithNothingLeft) {
  engine().run("quiet");
  watch();
  ASSERT_TRUE(wait_synced());
  receiver().close();
  const auto ended = wait_for_end();
  ASSERT_TRUE(ended.has_value()) << "not within a second";
  EXPECT_TRUE(ended->has_value());
  EXPECT_TRUE(nothing_is_left());
}

TEST_P(WatchCall, EndsInTheMiddleOfReconnectingToo) {
  REQUIRE_ABILITY(outages);
  engine().kill_engine();
  watch();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  const auto ended = cancel();
  ASSERT_TRUE(ended.has_value()) << "not within a second";
  EXPECT_TRUE(ended->has_value());
  EXPECT_TRUE(nothing_is_left());
}

TEST_P(WatchCall, EndsWhileTheEngineIsMuteToo) {
  REQUIRE_ABILITY(mute);
  const std::string endpoint = engine().broken_endpoint(ConnectFault::mute);
  make_backend({.endpoint = endpoint});
  watch();
  const auto ended = cancel();
  ASSERT_TRUE(ended.has_value()) << "not within a second";
  EXPECT_TRUE(ended->has_value());
  EXPECT_TRUE(nothing_is_left());
}

TEST_P(WatchCall, IsRelativeToWhatAListTold) {
  const std::string gone = engine().run("gone");
  engine().run("kept");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  for (const InstancePtr& instance : *listed) fold().apply(Started{instance, Cause::initial});
  expect_the_difference_alone(gone);
}

TEST_P(WatchCall, IsRelativeToWhatAnEarlierWatchTold) {
  const std::string gone = engine().run("gone");
  engine().run("kept");
  watch();
  ASSERT_TRUE(wait_synced());
  ASSERT_TRUE(cancel().has_value());
  expect_the_difference_alone(gone);
}

TEST_P(WatchCall, OfOneThatNeverToldAnythingStartsAllThatRuns) {
  engine().run("web");
  engine().pause(engine().run("db"));
  watch();
  ASSERT_TRUE(wait_synced());
  EXPECT_THAT(told(), testing::UnorderedElementsAre("started web initial", "started db initial"));
}

TEST_P(WatchCall, TellsInitialFromLiveAndIsSyncedOnce) {
  engine().run("before");
  watch();
  EXPECT_FALSE(receiver().synced() && fold().events().empty());
  ASSERT_TRUE(wait_synced());
  ASSERT_TRUE(wait_started(engine().run("after")));
  EXPECT_TRUE(receiver().synced());
  EXPECT_THAT(told(), ElementsAre("started before initial", "started after live"));
}

TEST_P(WatchCall, ASecondOneAtTheSameTimeIsBusy) {
  watch();
  ASSERT_TRUE(wait_synced());
  auto other = make_event_channel(engine().io().get_executor());
  const auto second = call(backend().watch(other.sender, {}));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_TRUE(wait_started(engine().run("first-goes-on")));
}

TEST_P(WatchCall, WaitsForAnEngineThatComesLater) {
  REQUIRE_ABILITY(outages);
  engine().run("web");
  engine().kill_engine();
  watch();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_THAT(told(),
              ElementsAre("backend_disconnected", "started web initial", "backend_reconnected"));
  EXPECT_TRUE(receiver().synced());
}

INSTANTIATE_TEST_SUITE_P(Each, WatchCall, testing::ValuesIn(chosen_backends()), name_of);

class Automatic : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    REQUIRE_ABILITY(automatic);
  }
};

TEST_P(Automatic, TakesTheFirstThatAnswersAndItsNameIsTheConcreteOne) {
  make_backend({.automatic = true});
  ASSERT_TRUE(call(backend().connect()));
  EXPECT_EQ(backend().name(), engine().name());
  engine().run("web");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->front()->key.backend, engine().name());
}

TEST_P(Automatic, RepeatsTheRoundUntilOneAnswersAndThenSticks) {
  make_backend({.automatic = true});
  engine().kill_engine();
  watch();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_EQ(backend().name(), engine().name());
  engine().kill_engine();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 2));
  EXPECT_EQ(backend().name(), engine().name());
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 2));
}

INSTANTIATE_TEST_SUITE_P(Each, Automatic, testing::ValuesIn(chosen_backends()), name_of);

}  // namespace
}  // namespace rollcall::conformance
