// How a watch heals, in virtual time.
#include <string>
#include <vector>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using testing::ElementsAre;
using Verb = Fault::Verb;

class Healing : public ScriptedConformance {
 protected:
  void lose(Fault fault) {
    inject(std::move(fault));
    server().drop_connections();
    script().settle();
  }

  void expect_outage_of_a_list(Verb verb) {
    use_short_deadlines();
    inject({.verb = verb, .where = script().list_target});
    watch();
    ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
    server().heal();
    ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  }

  std::size_t attempts_in(Duration duration) {
    const std::size_t before = server().accepted;
    pass(duration);
    return server().accepted - before;
  }
};

TEST_P(Healing, OfALocalSocketBacksOffFromATenthToTwoSeconds) {
  watch_synced();
  script().env().chance = 0.999;
  lose({.verb = Verb::drop});
  EXPECT_EQ(attempts_in(3100ms), 5U);  // after 0.1, 0.2, 0.4, 0.8, 1.6 s
  EXPECT_EQ(attempts_in(20s), 10U);    // every 2 s
  server().heal();
}

TEST_P(Healing, TheShortestDelayMakesNoBusyLoop) {
  watch_synced();
  script().env().chance = 0;
  lose({.verb = Verb::drop});
  EXPECT_LE(attempts_in(1s), 100U);
  server().heal();
}

TEST_P(Healing, OfARemoteEngineBacksOffFromEightTenthsToThirtySeconds) {
  script().use_tcp();
  watch_synced();
  script().env().chance = 0.999;
  lose({.verb = Verb::drop});
  const std::size_t before = server().accepted;
  for (int i = 0; i < 600; ++i) {  // Names are resolved in real time.
    pass(95ms);
    engine().let_pass();
  }
  // After 0.8, 1.6, 3.2, 6.4, 12.8, 25.6 s.
  EXPECT_GE(server().accepted - before, 5U);
  EXPECT_LE(server().accepted - before, 7U);
  server().heal();
  script().env().chance = 0;
  pass(30s);
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Healing, LooksAsSoonAsTheFolderOfTheSocketChanges) {
  watch_synced();
  script().env().chance = 0.999;
  server().hide();
  server().drop_connections();
  pass(60s);
  EXPECT_EQ(fold().count("backend_reconnected"), 0U);
  server().listen();
  pass(25ms);
  EXPECT_EQ(fold().count("backend_reconnected"), 1U);
}

TEST_P(Healing, TwoMinutesOfHealthForgiveTheFailuresBefore) {
  script().env().chance = 0.999;
  inject({.verb = Verb::drop});
  watch();
  pass(60s);
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  pass(100s);
  lose({.verb = Verb::drop});
  EXPECT_LE(attempts_in(3100ms), 2U);  // The failures still count.
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 2));
  pass(121s);
  lose({.verb = Verb::drop});
  EXPECT_EQ(attempts_in(3100ms), 5U);
  server().heal();
}

TEST_P(Healing, AnEngineInTroubleIsUnavailableAndAskedAgain) {
  watch_synced();
  lose({.verb = Verb::refuse_with, .amount = 503});
  EXPECT_GE(attempts_in(20s), 9U);
  EXPECT_EQ(fold().count("backend_disconnected"), 1U);
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Healing, ADenialIsSaidOnceAskedAgainSeldomAndNeverFinal) {
  std::vector<std::string> log;
  make_backend({.log = [&log](LogLevel, std::string_view line) { log.emplace_back(line); }});
  inject({.verb = Verb::refuse_with, .amount = 403});
  watch();
  EXPECT_LE(attempts_in(10min), 600U);
  EXPECT_EQ(log.size(), 1U);
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Healing, ADenialAfterItWasAllowedIsAskedAgainSoonForTenSeconds) {
  watch_synced();
  script().env().chance = 0.999;
  lose({.verb = Verb::refuse_with, .amount = 403});
  EXPECT_GE(attempts_in(10s), 90U);
  EXPECT_LE(attempts_in(20s), 12U);
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Healing, ADenialForAMomentIsOverInAMoment) {
  const std::string id = engine().run("a");
  watch_synced();
  lose({.verb = Verb::refuse_with, .amount = 403});
  pass(250ms);
  server().heal();
  pass(100ms);
  EXPECT_THAT(told(),
              ElementsAre("started a initial", "backend_disconnected", "backend_reconnected"));
  EXPECT_EQ(history(id), "started");
}

TEST_P(Healing, AFailedReconciliationStaysPendingUntilItSucceeds) {
  const std::string id = engine().run("a");
  watch_synced();
  lose({.verb = Verb::refuse_with, .where = script().list_target, .amount = 503});
  script().remove_silently(id);
  pass(2min);
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected"));
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected", "stopped a resync",
                                  "backend_reconnected"));
}

TEST_P(Healing, AFailedReadLosesNothing) {
  REQUIRE_ABILITY(readings);
  watch_synced();
  inject({.verb = Verb::refuse_with, .where = script().list_target, .amount = 503});
  const std::string id = engine().run("a");
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  server().heal();
  ASSERT_TRUE(wait_started(id));
}

TEST_P(Healing, AHeadOfAListThatNeverComesIsAnOutage) {
  expect_outage_of_a_list(Verb::stay_mute);
}

TEST_P(Healing, ABodyOfAListWithoutProgressIsAnOutage) {
  expect_outage_of_a_list(Verb::mute_after_head);
}

TEST_P(Healing, AQuietStreamIsProbedEveryThirtySecondsOnAnotherConnection) {
  watch_synced();
  const std::size_t connections = server().accepted;
  const std::size_t probes = requests(script().hello_target);
  pass(29s);
  EXPECT_EQ(requests(script().hello_target), probes);
  pass(2s);
  EXPECT_EQ(requests(script().hello_target), probes + 1);
  EXPECT_EQ(server().accepted, connections + 1);
  pass(5min);
  EXPECT_EQ(requests(script().hello_target), probes + 11);
}

TEST_P(Healing, AStreamThatSpeaksIsNotProbed) {
  const std::string id = engine().run("a");
  watch_synced();
  const std::size_t probes = requests(script().hello_target);
  for (int i = 0; i < 20; ++i) {
    script().signal_without_change(id);
    pass(20s);
  }
  EXPECT_EQ(requests(script().hello_target), probes);
}

TEST_P(Healing, AProbeThatIsNotAnsweredInTimeIsAnOutage) {
  use_short_deadlines();
  watch_synced();
  inject({.verb = Verb::stay_mute});
  pass(31s);
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Healing, AllIsListedEveryTenMinutesGiveOrTakeAFifth) {
  REQUIRE_ABILITY(periodic_lists);
  for (const auto& [chance, least, most] :
       {std::tuple{0.0, 479s, 481s}, {0.5, 599s, 601s}, {0.999, 718s, 721s}}) {
    script().env().chance = chance;
    const std::string id = engine().run("ghost");
    make_backend({});
    watch();
    ASSERT_TRUE(wait_started(id));
    script().remove_silently(id);
    pass(least);
    EXPECT_TRUE(fold().running().contains(id)) << chance;
    pass(most - least);
    EXPECT_FALSE(fold().running().contains(id)) << chance;
    ASSERT_TRUE(cancel().has_value());
  }
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Healing);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, Healing, testing::ValuesIn(chosen_scripted()), name_of);

}  // namespace
}  // namespace rollcall::conformance
