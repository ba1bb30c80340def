// The calls of the contract when an engine misbehaves, on scripted engines.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "conformance/conformance.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::Fault;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Verb = Fault::Verb;

class ConnectFaults : public ScriptedConformance {
 protected:
  void expect_error(Fault fault, ConnectFault expected, ErrorKind kind) {
    inject(std::move(fault));
    const auto connected = call(backend().connect());
    ASSERT_FALSE(connected.has_value());
    const RuntimeError& error = connected.error();
    EXPECT_EQ(error.fault, expected) << error.describe();
    EXPECT_EQ(error.kind, kind) << error.describe();
    EXPECT_EQ(error.endpoint, engine().endpoint());
    EXPECT_THAT(error.remedy, Not(IsEmpty())) << error.describe();
    server().heal();
    EXPECT_TRUE(call(backend().connect()));
  }
};

TEST_P(ConnectFaults, ARefusalIsDenied) {
  expect_error({.verb = Verb::refuse_with, .amount = 403}, ConnectFault::denied, ErrorKind::denied);
}

TEST_P(ConnectFaults, WrongCredentialsAreAuth) {
  expect_error({.verb = Verb::refuse_with, .amount = 401}, ConnectFault::auth, ErrorKind::denied);
}

TEST_P(ConnectFaults, AConnectionThatIsDroppedIsUnreachable) {
  expect_error({.verb = Verb::drop}, ConnectFault::unreachable, ErrorKind::unavailable);
}

TEST_P(ConnectFaults, AConnectionThatIsResetIsUnreachable) {
  expect_error({.verb = Verb::close_on_data}, ConnectFault::unreachable, ErrorKind::unavailable);
}

TEST_P(ConnectFaults, AnHeadThatNeverComesIsMute) {
  use_short_deadlines();
  expect_error({.verb = Verb::stay_mute}, ConnectFault::mute, ErrorKind::unavailable);
}

TEST_P(ConnectFaults, ABodyThatNeverComesIsMute) {
  use_short_deadlines();
  expect_error({.verb = Verb::mute_after_head}, ConnectFault::mute, ErrorKind::unavailable);
}

TEST_P(ConnectFaults, WhatDoesNotKnowThePathIsNotThisApi) {
  expect_error({.verb = Verb::refuse_with, .amount = 404}, ConnectFault::not_this_api,
               ErrorKind::protocol);
}

TEST_P(ConnectFaults, OverTcpAPortWithoutAListenerIsRefused) {
  script().use_tcp();
  EXPECT_TRUE(call(backend().connect()));
  server().refuse();
  server().drop_connections();
  const auto connected = call(backend().connect());
  ASSERT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().fault, ConnectFault::refused) << connected.error();
}

TEST_P(ConnectFaults, ACertificateThatIsNotTrustedIsTls) {
  const std::string id = engine().run("a");
  script().use_tls();
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->front()->key.id, id);
  script().distrust();
  make_backend({});
  const auto connected = call(backend().connect());
  ASSERT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().fault, ConnectFault::tls) << connected.error();
  EXPECT_EQ(connected.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(connected.error().endpoint, engine().endpoint());
  EXPECT_THAT(connected.error().remedy, Not(IsEmpty()));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConnectFaults);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, ConnectFaults, testing::ValuesIn(chosen_scripted()), name_of);

class ListFaults : public ScriptedConformance {
 protected:
  Fault on_list(Verb verb, std::size_t amount = 0) {
    return {.verb = verb, .where = script().list_target, .amount = amount};
  }
};

TEST_P(ListFaults, ItIsCompleteOrAnErrorNeverAPart) {
  use_short_deadlines();
  for (const char* name : {"a", "b", "c"}) engine().run(name);
  std::vector<Fault> faults = {on_list(Verb::drop),
                               on_list(Verb::close_on_data),
                               on_list(Verb::stay_mute),
                               on_list(Verb::mute_after_head),
                               on_list(Verb::corrupt),
                               on_list(Verb::refuse_with, 403),
                               on_list(Verb::limit, 400),
                               on_list(Verb::refuse_with, 404),
                               on_list(Verb::refuse_with, 503)};
  for (std::size_t end = 0; end < 600; end += 29) faults.push_back(on_list(Verb::cut, end));
  for (const Fault& fault : faults) {
    inject(fault);
    const auto listed = list();
    EXPECT_FALSE(listed.has_value()) << static_cast<int>(fault.verb) << ' ' << fault.amount;
    server().heal();
    const auto again = list();
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_THAT(*again, SizeIs(3));
  }
}

/// Answers with status 200 that are no list, as some engine or proxy may give them.
std::vector<std::string> no_lists(std::string_view engine) {
  std::vector<std::string> all = {
      "",
      " \n",
      "{}",
      "{]",
      "null",
      "true",
      "\"text\"",
      "<html><body>It works!</body></html>",
      "[",
      "[{",
      "[1]",
      "[null]",
      "[[]]",
      R"([{"Id":"a"},])",
      R"({"message":"the engine is in trouble"})",
      R"({"type":"sync"})",
      R"({"type":"sync","metadata":null})",
      R"({"type":"sync","metadata":{}})",
      R"({"type":"sync","metadata":"text"})",
      R"({"type":"sync","metadata":[])",
      R"({"type":"error","error":"in trouble","error_code":500,"metadata":[]})",
      R"({"metadata":[]})",
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":500})",
      R"({"kind":"PodList","metadata":{"resourceVersion":"1"}})",
      R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":{}})",
      R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":"text"})",
      R"({"kind":"PodList","metadata":{},"items":[]})",
  };
  const bool lists_are_arrays = engine == "docker" || engine == "podman";
  if (!lists_are_arrays) all.emplace_back("[]");
  return all;
}

TEST_P(ListFaults, WhatIsNoCompleteListIsAProtocolErrorAndNeverAnEmptyList) {
  engine().run("a");
  for (const std::string& text : no_lists(engine().name())) {
    Fault fault = on_list(Verb::say_instead);
    fault.text = text;
    inject(std::move(fault));
    const auto listed = list();
    EXPECT_FALSE(listed.has_value()) << text;
    if (!listed) EXPECT_EQ(listed.error().kind, ErrorKind::protocol) << text << listed.error();
    server().heal();
  }
}

TEST_P(ListFaults, WhatIsNoCompleteListStopsNothing) {
  const std::string id = engine().run("a");
  watch_synced();
  for (const std::string& text : no_lists(engine().name())) {
    Fault fault = on_list(Verb::say_instead);
    fault.text = text;
    inject(std::move(fault));
    script().signal_doubt();
    pass(5s);
    EXPECT_EQ(history(id), "started") << text;
    server().heal();
    pass(60s);
  }
  pass_a_marker();
}

TEST_P(ListFaults, OneByteAtATimeItIsTheSame) {
  for (const char* name : {"a", "b", "c"}) engine().run(name);
  inject({.verb = Verb::parts, .amount = 1});
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_THAT(*listed, SizeIs(3));
}

TEST_P(ListFaults, OneThatCannotBeDecodedButHasAnIdIsListedUnknownWithANote) {
  script().list_undecodable("broken");
  engine().run("whole");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  ASSERT_THAT(*listed, SizeIs(2));
  const auto broken = std::ranges::find(*listed, InstanceState::unknown,
                                        [](const InstancePtr& it) { return it->state; });
  ASSERT_NE(broken, listed->end());
  EXPECT_THAT((*broken)->key.id, testing::EndsWith("broken"));
  EXPECT_THAT((*broken)->problems, Not(IsEmpty()));
}

TEST_P(ListFaults, OneWithoutAnIdMakesItAProtocolError) {
  script().list_undecodable("");
  engine().run("whole");
  const auto listed = list();
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().kind, ErrorKind::protocol) << listed.error();
}

TEST_P(ListFaults, OneThatVanishesWhileItIsReadIsAbsent) {
  REQUIRE_ABILITY(readings);
  watch_synced();
  inject(on_list(Verb::delay));
  const std::string id = engine().run("mayfly");
  script().settle();
  engine().remove(id);
  script().settle();
  server().heal();
  pass_a_marker();
  EXPECT_EQ(history(id), "");
}

TEST_P(ListFaults, OneThatVanishesBeforeItIsReadIsAbsent) {
  REQUIRE_ABILITY(readings);
  watch_synced();
  const std::string id = engine().run("mayfly");
  script().remove_silently(id);
  pass_a_marker();
  EXPECT_EQ(history(id), "");
}

TEST_P(ListFaults, DuringAWatchItHasAConnectionOfItsOwn) {
  watch_synced();
  const std::size_t before = server().accepted;
  ASSERT_TRUE(list().has_value());
  EXPECT_GT(server().accepted, before);
  pass_a_marker();
}

TEST_P(ListFaults, DuringAWatchItTakesNothingFromWhatTheWatchWillSend) {
  const std::string id = engine().run("a");
  watch_synced();
  const std::string now = script().rename_silently(id, "b");
  pass(1s);
  const auto listed = list();
  ASSERT_TRUE(listed.has_value()) << listed.error();
  EXPECT_EQ(listed->front()->name, now);
  script().signal_doubt();
  pass(1s);
  EXPECT_THAT(told(), ElementsAre("started a initial", "updated " + now + " resync"));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ListFaults);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, ListFaults, testing::ValuesIn(chosen_scripted()), name_of);

class WatchFaults : public ScriptedConformance {};

TEST_P(WatchFaults, ItAlwaysBeginsWithAListOfItsOwn) {
  engine().run("a");
  const auto listed = list();
  ASSERT_TRUE(listed.has_value());
  for (const InstancePtr& instance : *listed) fold().apply(Started{instance, Cause::initial});
  const std::size_t before = requests(script().list_target);
  watch_synced();
  EXPECT_GT(requests(script().list_target), before);
}

TEST_P(WatchFaults, TheStreamIsOpenedBeforeTheList) {
  REQUIRE_ABILITY(stream_first);
  watch_synced();
  std::size_t stream = 0;
  std::size_t list = 0;
  for (std::size_t at = 0; at < server().requests.size(); ++at) {
    if (test::is_meant(server().requests[at], script().stream_target)) stream = at;
    if (test::is_meant(server().requests[at], script().list_target)) list = at;
  }
  EXPECT_LT(stream, list);
}

TEST_P(WatchFaults, ItConnectsForEver) {
  const std::string id = engine().run("a");
  server().hide();
  watch();
  pass(1h);
  EXPECT_THAT(told(), ElementsAre("backend_disconnected"));
  server().listen();
  ASSERT_TRUE(wait_started(id));
}

TEST_P(WatchFaults, CancelledAtAnyRequestItEndsWithNothingLeft) {
  for (const std::string& where :
       {script().hello_target, script().stream_target, script().list_target}) {
    for (const Verb verb : {Verb::stay_mute, Verb::mute_after_head, Verb::delay}) {
      inject({.verb = verb, .where = where});
      watch();
      let_time_pass();
      const auto ended = cancel();
      ASSERT_TRUE(ended.has_value()) << where;
      EXPECT_TRUE(ended->has_value());
      receiver().close();
      EXPECT_TRUE(nothing_is_left()) << where;
      server().heal();
    }
  }
}

TEST_P(WatchFaults, AtMostEightReadsAreInFlightAndTheRestIsBatched) {
  REQUIRE_ABILITY(readings);
  watch_synced();
  inject({.verb = Verb::delay, .where = script().list_target});
  const std::size_t before = requests(script().list_target);
  for (int i = 0; i < 60; ++i) {
    engine().run(fmt::format("c{}", i));
    script().settle();
  }
  EXPECT_EQ(requests(script().list_target), before + 8);
  server().heal();
  ASSERT_TRUE(wait_for_count("started", 60));
  EXPECT_LE(requests(script().list_target), before + 10);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WatchFaults);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, WatchFaults, testing::ValuesIn(chosen_scripted()), name_of);

TEST(ContractDeadlines, AreTheOnesOfTheContract) {
  const auto here = parse_endpoint("unix:///run/x.sock", 1);
  const auto away = parse_endpoint("tcp://h:1", 1);
  ASSERT_TRUE(here.has_value() && away.has_value());
  EXPECT_EQ(Deadlines::for_endpoint(*here).connect, 2s);
  EXPECT_EQ(Deadlines::for_endpoint(*away).connect, 10s);
  for (const auto& deadlines : {Deadlines::for_endpoint(*here), Deadlines::for_endpoint(*away)}) {
    EXPECT_EQ(deadlines.probe_head, 2s);
    EXPECT_EQ(deadlines.list_head, 30s);
    EXPECT_EQ(deadlines.body, 15s);
    EXPECT_EQ(deadlines.quiet_probe, 10s);
    EXPECT_EQ(deadlines.silence, 45s);
  }
}

}  // namespace
}  // namespace rollcall::conformance
