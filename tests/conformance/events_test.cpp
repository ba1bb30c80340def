// The events of the contract, on every backend.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Events : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    watch();
    ASSERT_TRUE(wait_synced());
  }

  std::string started(const std::string& name) {
    std::string id = engine().run(name);
    EXPECT_TRUE(wait_started(id));
    return id;
  }

  /// Makes changes of every kind in quick succession. The end of each test compares the fold with
  /// what runs.
  void churn() {
    for (int round = 0; round < 4; ++round) {
      const std::string a = engine().run(fmt::format("a{}", round));
      const std::string b = engine().run(fmt::format("b{}", round));
      engine().restart(a);
      engine().pause(b);
      engine().rename(a, fmt::format("renamed{}", round));
      if (round % 2 == 0) engine().remove(a);
      if (round % 3 == 0) engine().unpause(b);
    }
  }
};

TEST_P(Events, FoldToWhatRuns) {
  churn();
  expect_agreement();
}

TEST_P(Events, FoldToWhatRunsHoweverLateTheyAreTaken) {
  sleep_as_consumer();
  churn();
  const std::string last = engine().run("last");
  wake_as_consumer();
  ASSERT_TRUE(wait_started(last));
  expect_agreement();
}

TEST_P(Events, AreAtMostTwoAnInstanceForAConsumerThatIsBehind) {
  const std::string id = started("web");
  sleep_as_consumer();
  for (int round = 0; round < 4; ++round) {
    engine().restart(id);
    engine().pause(id);
    engine().unpause(id);
    engine().rename(id, fmt::format("a{}", round));
    let_time_pass();
  }
  wake_as_consumer();
  if (engine().lacks(Ability::renaming).empty()) {
    ASSERT_TRUE(wait_until([&] { return fold().find("a3") != nullptr; }));
  }
  pass_a_marker();
  expect_agreement();
  const auto& events = fold().events();
  EXPECT_LE(std::ranges::count_if(events,
                                  [&](const RuntimeEvent& event) {
                                    const InstanceKey* key = key_of(event);
                                    return key != nullptr && key->id == id;
                                  }),
            1 + 2);
}

TEST_P(Events, OfAnOutageThatWasNotSeenAreItsDifferencesAlone) {
  REQUIRE_ABILITY(outages);
  const std::string gone = started("gone");
  sleep_as_consumer();
  engine().kill_engine();
  let_time_pass();
  engine().start_engine();
  engine().remove(gone);
  const std::string last = engine().run("last");
  ASSERT_TRUE(wait_untaken(last));
  wake_as_consumer();
  ASSERT_TRUE(wait_started(last));
  ASSERT_TRUE(wait_stopped(gone));
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
  EXPECT_EQ(fold().count("backend_reconnected"), 0U);
}

TEST_P(Events, OfOneInstanceAlternate) {
  REQUIRE_ABILITY(pausing);
  const std::string id = started("web");
  engine().pause(id);
  ASSERT_TRUE(wait_for(id, engine().paused()));
  engine().unpause(id);
  ASSERT_TRUE(wait_for(id, InstanceState::running));
  engine().remove(id);
  ASSERT_TRUE(wait_stopped(id));
  EXPECT_EQ(history(id), "started updated updated stopped");
}

TEST_P(Events, OfOneMadeAnewUnderItsNameAreStoppedOldAndStartedNew) {
  REQUIRE_ABILITY(new_ids);
  const std::string old = started("web");
  engine().remove(old);
  const std::string now = engine().run("web");
  ASSERT_TRUE(wait_started(now));
  ASSERT_NE(old, now);
  EXPECT_THAT(told(), ElementsAre("started web live", "stopped web live", "started web live"));
}

TEST_P(Events, ANewNameIsAnUpdate) {
  REQUIRE_ABILITY(renaming);
  const std::string id = started("before");
  engine().rename(id, "after");
  ASSERT_TRUE(wait_until([this] { return fold().find("after") != nullptr; }));
  EXPECT_EQ(history(id), "started updated");
}

TEST_P(Events, NothingIsSaidOfASignalThatEndsNothing) {
  const std::string id = started("web");
  engine().hang_up(id);
  pass_a_marker();
  EXPECT_EQ(history(id), "started");
}

TEST_P(Events, NothingIsSaidOfOneThatNeverRuns) {
  const std::string id = engine().create("created");
  engine().rename(id, "still-created");
  pass_a_marker();
  EXPECT_EQ(history(id), "");
}

TEST_P(Events, AnEndIsStopped) {
  const std::string stopped = started("stopped");
  const std::string removed = started("removed");
  engine().stop(stopped);
  engine().remove(removed);
  ASSERT_TRUE(wait_stopped(stopped));
  ASSERT_TRUE(wait_stopped(removed));
  EXPECT_EQ(history(stopped), "started stopped");
  EXPECT_EQ(history(removed), "started stopped");
}

TEST_P(Events, AnEndThatFindsItRunningAgainIsStoppedAndStarted) {
  REQUIRE_ABILITY(lasting_ids);
  const std::string id = started("web");
  engine().restart(id);
  ASSERT_TRUE(wait_for_count("stopped", 1));
  ASSERT_TRUE(wait_started(id));
  pass_a_marker();
  EXPECT_THAT(history(id), testing::StartsWith("started stopped started"));
  EXPECT_EQ(fold().running().at(id)->state, InstanceState::running);
}

TEST_P(Events, OneThatIsRestartingIsPartOfTheRunningSet) {
  REQUIRE_ABILITY(restarting);
  const std::string id = engine().run_crashing("crashing");
  ASSERT_TRUE(wait_for(id, InstanceState::restarting)) << transcript(fold());
  engine().remove(id);
  ASSERT_TRUE(wait_stopped(id));
}

INSTANTIATE_TEST_SUITE_P(Each, Events, testing::ValuesIn(chosen_backends()), name_of);

class Outage : public Events {
 protected:
  void SetUp() override {
    Events::SetUp();
    REQUIRE_ABILITY(outages);
  }
};

TEST_P(Outage, IsDisconnectedAtOnceAndNothingIsSaidOfInstances) {
  const std::string id = started("web");
  engine().kill_engine();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  EXPECT_TRUE(fold().running().contains(id));
  EXPECT_THAT(told(), ElementsAre("started web live", "backend_disconnected"));
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(Outage, ThatChangedNothingIsDisconnectedAndReconnectedAlone) {
  started("web");
  engine().kill_engine();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_THAT(told(),
              ElementsAre("started web live", "backend_disconnected", "backend_reconnected"));
}

TEST_P(Outage, AfterAnotherAlternates) {
  for (std::size_t round = 1; round <= 3; ++round) {
    engine().kill_engine();
    ASSERT_TRUE(wait_for_count("backend_disconnected", round));
    engine().start_engine();
    ASSERT_TRUE(wait_for_count("backend_reconnected", round));
    ASSERT_TRUE(wait_started(engine().run(fmt::format("after{}", round))));
  }
}

TEST_P(Outage, DoesNotEndTheWatchOfWhatComesLater) {
  engine().kill_engine();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  const std::string id = started("after");
  engine().remove(id);
  ASSERT_TRUE(wait_stopped(id));
  EXPECT_EQ(history(id), "started stopped");
}

INSTANTIATE_TEST_SUITE_P(Each, Outage, testing::ValuesIn(chosen_backends()), name_of);

class FirstAttempt : public Conformance {};

TEST_P(FirstAttempt, ThatWorksIsNeitherDisconnectedNorReconnected) {
  watch();
  ASSERT_TRUE(wait_synced());
  pass_a_marker();
  EXPECT_THAT(told(), ElementsAre("started marker live", "stopped marker live"));
}

TEST_P(FirstAttempt, ThatFailsIsDisconnectedAndReconnectedAfterTheFirstSync) {
  REQUIRE_ABILITY(outages);
  engine().kill_engine();
  watch();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  EXPECT_FALSE(receiver().synced());
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_TRUE(receiver().synced());
  EXPECT_THAT(told(), ElementsAre("backend_disconnected", "backend_reconnected"));
}

INSTANTIATE_TEST_SUITE_P(Each, FirstAttempt, testing::ValuesIn(chosen_backends()), name_of);

}  // namespace
}  // namespace rollcall::conformance
