// A watch of a stream with repeated, cut, garbled or lost signals.
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Verb = Fault::Verb;

class StreamFaults : public ScriptedConformance {
 protected:
  Fault on_stream(Verb verb, std::size_t amount = 0) {
    return {.verb = verb, .where = script().stream_target, .amount = amount};
  }
  void receive_now() { pass(Duration::zero()); }

  /// The signal that meets the fault is lost, but the change that it reported is not.
  void expect_disconnected_at_once(Fault fault) {
    watch_synced();
    pass(5s);
    inject(std::move(fault));
    const std::string id = engine().run("a");
    receive_now();
    EXPECT_THAT(told(), ElementsAre("backend_disconnected"));
    server().heal();
    ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
    EXPECT_EQ(history(id), "started");
  }
};

TEST_P(StreamFaults, ItIsReadAtOnceAlsoWhileAListHangs) {
  inject({.verb = Verb::delay, .where = script().list_target});
  watch();
  for (int i = 0; i < 300; ++i) engine().run(fmt::format("c{}", i));
  script().settle();
  EXPECT_EQ(script().unread_signals(), 0U);
  server().heal();
  ASSERT_TRUE(wait_for_count("started", 300));
}

TEST_P(StreamFaults, ItIsReadAtOnceAlsoWhileTheConsumerSleeps) {
  watch_synced();
  sleep_as_consumer();
  const std::string id = engine().run("a");
  for (int i = 0; i < 500; ++i) {
    engine().restart(id);
    script().settle();
    ASSERT_EQ(script().unread_signals(), 0U);
  }
  wake_as_consumer();
  ASSERT_TRUE(wait_started(id));
  EXPECT_EQ(history(id), "started");
}

TEST_P(StreamFaults, WhatIsSignalledDuringAListIsReadAgainAfterIt) {
  const std::string ends = engine().run("ends");
  script().pass(5s);  // The watch gets no signal of its start.
  inject({.verb = Verb::delay, .where = script().list_target});
  watch();
  script().settle();  // The delayed list still shows it as running.
  engine().stop(ends);
  const std::string begins = engine().run("begins");
  script().settle();
  server().heal();
  ASSERT_TRUE(wait_started(begins));
  ASSERT_TRUE(wait_stopped(ends));
}

TEST_P(StreamFaults, SignalsThatAreRepeatedTellNothing) {
  watch_synced();
  const std::string id = engine().run("a");
  ASSERT_TRUE(wait_started(id));
  engine().restart(id);
  let_time_pass();
  const auto before = told();
  script().repeat_signals(100);
  pass(1s);
  EXPECT_EQ(told(), before);
}

TEST_P(StreamFaults, AnEndOlderThanThePresentRunIsIgnored) {
  const std::string id = engine().run("a");
  engine().restart(id);  // The watch asks for events from just before it.
  watch_synced();
  let_time_pass();
  EXPECT_THAT(told(), ElementsAre("started a initial"));
}

TEST_P(StreamFaults, ASignalWithoutADifferenceTellsNothing) {
  const std::string id = engine().run("a");
  watch_synced();
  for (int i = 0; i < 10; ++i) script().signal_without_change(id);
  pass(1s);
  EXPECT_EQ(history(id), "started");
}

TEST_P(StreamFaults, ASignalOfUnknownMeaningIsReadAgainAndCounted) {
  std::vector<std::string> log;
  make_backend({.log = [&log](LogLevel, std::string_view line) { log.emplace_back(line); }});
  const std::string id = engine().run("a");
  watch_synced();
  for (const char* name : {"b", "c"}) {
    const std::string now = script().rename_silently(id, name);
    pass(1s);
    script().signal_unknown(id);
    pass(1s);
    EXPECT_EQ(told().back(), "updated " + now + " live");
  }
  ASSERT_TRUE(cancel().has_value());
  EXPECT_THAT(log, Contains(HasSubstr("unknown meaning: 2 in this session")));
}

TEST_P(StreamFaults, WhatTheEngineSaysInProseIsNotCompared) {
  const std::string id = engine().run("a");
  watch_synced();
  pass(1h);  // The text of its age differs between lists.
  EXPECT_EQ(history(id), "started");
}

TEST_P(StreamFaults, ANormalEndThatIsResumedAtOnceIsNoEvent) {
  watch_synced();
  for (int i = 0; i < 5; ++i) {
    pass(5s);
    script().end_stream();
    const std::string id = engine().run(fmt::format("meanwhile{}", i));
    ASSERT_TRUE(wait_started(id));
  }
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
}

TEST_P(StreamFaults, ABareEndIsDisconnectedAtOnce) {
  const std::string id = engine().run("a");
  watch_synced();
  pass(5s);
  server().drop_connections();
  receive_now();
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected"));
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_EQ(history(id), "started");
}

TEST_P(StreamFaults, ACutInMidJsonIsDisconnectedAtOnce) {
  expect_disconnected_at_once(on_stream(Verb::cut, 20));
}

TEST_P(StreamFaults, RubbishDropsTheSessionAndHeals) {
  expect_disconnected_at_once(on_stream(Verb::corrupt, 0));
}

TEST_P(StreamFaults, AnEventLargerThanTheBoundIsDisconnectedAtOnce) {
  expect_disconnected_at_once(on_stream(Verb::oversized, std::size_t{17} << 20U));
}

TEST_P(StreamFaults, SmallerPartsAreTheSame) {
  watch_synced();
  inject(on_stream(Verb::parts, 1));
  const std::string id = engine().run("a");
  engine().pause(id);
  ASSERT_TRUE(wait_for(id, engine().paused()));
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
}

TEST_P(StreamFaults, EventsInOnePieceAreTheSame) {
  watch_synced();
  inject(on_stream(Verb::concatenate));
  const std::string kept = engine().run("kept");
  const std::string gone = engine().run("gone");
  engine().remove(gone);
  engine().pause(kept);
  ASSERT_TRUE(wait_for(kept, engine().paused()));
  EXPECT_EQ(fold().count("backend_disconnected"), 0U);
}

TEST_P(StreamFaults, AnOverflowOfTheHistoryDuringAnOutageIsFoundByTheList) {
  const std::string ends = engine().run("ends");
  const std::string busy = engine().run("busy");
  watch_synced();
  server().refuse();
  server().drop_connections();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  engine().stop(ends);
  for (int i = 0; i < 400; ++i) script().signal_without_change(busy);
  pass(1s);
  server().listen();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_EQ(history(ends), "started stopped");
}

TEST_P(StreamFaults, WhatIsDroppedSilentlyForASlowReaderIsFoundByThePeriodicList) {
  REQUIRE_ABILITY(periodic_lists);
  const std::string ends = engine().run("ends");
  const std::string busy = engine().run("busy");
  watch_synced();
  for (int i = 0; i < 1500; ++i) script().signal_without_change(busy);  // not read meanwhile
  engine().stop(ends);
  pass(1min);
  EXPECT_EQ(history(ends), "started");
  pass(12min);
  EXPECT_EQ(history(ends), "started stopped");
}

TEST_P(StreamFaults, AStreamThatEndsAtOnceIsAFailureAndNoBusyLoop) {
  watch_synced();
  inject(on_stream(Verb::instant_end));
  server().drop_connections();
  const std::size_t before = requests(script().hello_target);
  pass(60s);
  EXPECT_LE(requests(script().hello_target) - before, 125U);
  EXPECT_EQ(fold().count("backend_disconnected"), 1U) << transcript(fold());
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(StreamFaults, AnEngineThatComesBackWithAnotherStateIsReconciled) {
  const std::string old = engine().run("old");
  watch_synced();
  engine().kill_engine();
  script().remove_silently(old);
  engine().run("new");
  script().lose_history();
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_THAT(told(),
              ElementsAre("started old initial", "backend_disconnected", "stopped old resync",
                          "started new resync", "backend_reconnected"));
}

TEST_P(StreamFaults, AReplacedSocketIsFoundByItsName) {
  watch_synced();
  server().hide();
  server().listen();
  server().drop_connections();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  ASSERT_TRUE(wait_started(engine().run("a")));
}

TEST_P(StreamFaults, ADoubtListsAgainWithoutAnOutage) {
  const std::string id = engine().run("a");
  watch_synced();
  const std::string now = script().rename_silently(id, "b");
  pass(1s);
  script().signal_doubt();
  pass(1s);
  EXPECT_THAT(told(), ElementsAre("started a initial", "updated " + now + " resync"));
}

TEST_P(StreamFaults, DifferencesAreStoppedThenUpdatedThenStartedEachByKey) {
  std::vector<std::string> ids;
  for (const char* name : {"a", "b", "c", "d"}) ids.push_back(engine().run(name));
  watch_synced();
  engine().kill_engine();
  ASSERT_TRUE(wait_for_count("backend_disconnected", 1));
  const std::string d = script().rename_silently(ids[3], "d2");
  const std::string b = script().rename_silently(ids[1], "b2");
  script().remove_silently(ids[2]);
  script().remove_silently(ids[0]);
  engine().run("e");
  engine().run("f");
  script().lose_history();
  pass(1s);
  engine().start_engine();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  const auto lines = told();
  EXPECT_THAT(std::vector(lines.begin() + 4, lines.end()),
              ElementsAre("backend_disconnected", "stopped a resync", "stopped c resync",
                          "updated " + b + " resync", "updated " + d + " resync",
                          "started e resync", "started f resync", "backend_reconnected"));
}

TEST_P(StreamFaults, LosingTheConnectionWhileReconnectingIsNoSecondDisconnected) {
  const std::string id = engine().run("a");
  watch_synced();
  inject({.verb = Verb::cut, .where = script().list_target, .amount = 9});
  server().drop_connections();
  pass(1min);
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected"));
  engine().pause(id);
  pass(1min);
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected"));
  server().heal();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected", "updated a resync",
                                  "backend_reconnected"));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StreamFaults);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, StreamFaults, testing::ValuesIn(chosen_scripted()), name_of);

}  // namespace
}  // namespace rollcall::conformance
