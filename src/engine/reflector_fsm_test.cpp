// Every transition, as a table: state, outcome, action, next state.
#include "engine/reflector_fsm.hpp"

#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using State = ReflectorFsm::State;
using Outcome = ReflectorFsm::Outcome;
using Step = ReflectorFsm::Step;
using Action = ReflectorFsm::Action;

constexpr HealingPolicy policy = {.base = 100ms, .cap = 2s, .floor = 10ms};
const RuntimeError gone{.what = "gone"};
const RuntimeError wrong{.kind = ErrorKind::invalid_config, .what = "wrong"};

/// The shortest way into each state, in a watch that was never connected before.
ReflectorFsm in(State state) {
  ReflectorFsm fsm(policy);
  const auto step = [&fsm](Outcome outcome) {
    fsm.resume({.outcome = outcome, .now = Monotonic(0s), .chance = 0.5, .error = &gone});
  };
  if (state == State::idle) return fsm;
  step(Outcome::begin);
  if (state == State::backing_off) step(Outcome::connect_failed);
  if (state == State::listing || state == State::watching) step(Outcome::connected);
  if (state == State::watching) step(Outcome::listed);
  if (state == State::done) step(Outcome::cancelled);
  return fsm;
}

struct Row {
  State from;
  Outcome outcome;
  Action action;
  State to;
};

const Action lost{.drop_session = true,
                  .tell_disconnected = true,
                  .reason = gone.describe(),
                  .step = Step::back_off,
                  .delay = 50ms};
const Action end{.drop_session = true, .step = Step::finish};

const std::vector<Row> rows = {
    {State::idle, Outcome::begin, {.step = Step::connect}, State::connecting},
    {State::idle, Outcome::cancelled, end, State::done},
    {State::connecting, Outcome::connected, {.step = Step::list}, State::listing},
    {State::connecting, Outcome::connect_failed, lost, State::backing_off},
    {State::connecting, Outcome::cancelled, end, State::done},
    {State::listing,
     Outcome::listed,
     {.apply_list = true, .tell_synced = true, .step = Step::watch},
     State::watching},
    {State::listing, Outcome::list_failed, lost, State::backing_off},
    {State::listing, Outcome::stream_failed, lost, State::backing_off},
    {State::listing,
     Outcome::stream_ended,
     {.drop_session = true, .step = Step::connect},
     State::connecting},
    {State::listing, Outcome::desynced, {}, State::listing},
    {State::listing, Outcome::cancelled, end, State::done},
    {State::watching, Outcome::stream_failed, lost, State::backing_off},
    {State::watching,
     Outcome::stream_ended,
     {.drop_session = true, .step = Step::connect},
     State::connecting},
    {State::watching, Outcome::desynced, {.step = Step::list}, State::listing},
    {State::watching, Outcome::cancelled, end, State::done},
    {State::backing_off, Outcome::backoff_over, {.step = Step::connect}, State::connecting},
    {State::backing_off, Outcome::cancelled, end, State::done},
};

constexpr int states = 6;
constexpr int outcomes = 10;

TEST(ReflectorFsm, EveryTransitionIsAsInTheTable) {
  for (const Row& row : rows) {
    ReflectorFsm fsm = in(row.from);
    ASSERT_EQ(fsm.state(), row.from);
    const Action action =
        fsm.resume({.outcome = row.outcome, .now = Monotonic(5s), .chance = 0.5, .error = &gone});
    EXPECT_EQ(action, row.action) << row.from << " + " << row.outcome << " gives " << action;
    EXPECT_EQ(fsm.state(), row.to) << row.from << " + " << row.outcome;
  }
}

TEST(ReflectorFsm, EveryOutcomeThatIsNotInTheTableChangesNothing) {
  std::set<std::pair<State, Outcome>> in_table;
  for (const Row& row : rows) in_table.emplace(row.from, row.outcome);
  for (int s = 0; s < states; ++s) {
    for (int o = 0; o < outcomes; ++o) {
      const auto state = static_cast<State>(s);
      const auto outcome = static_cast<Outcome>(o);
      if (in_table.contains({state, outcome})) continue;
      ReflectorFsm fsm = in(state);
      const Action action = fsm.resume({.outcome = outcome, .now = Monotonic(5s), .error = &gone});
      EXPECT_EQ(action, Action{}) << state << " + " << outcome << " gives " << action;
      EXPECT_EQ(fsm.state(), state);
    }
  }
}

TEST(ReflectorFsm, AWrongConfigurationFinishesWithItsError) {
  for (const auto& [state, outcome] : {std::pair{State::connecting, Outcome::connect_failed},
                                       std::pair{State::listing, Outcome::list_failed},
                                       std::pair{State::watching, Outcome::stream_failed}}) {
    ReflectorFsm fsm = in(state);
    const Action action = fsm.resume({.outcome = outcome, .error = &wrong});
    EXPECT_EQ(action.step, Step::finish);
    EXPECT_EQ(action.error, wrong);
    EXPECT_FALSE(action.tell_disconnected);
    EXPECT_EQ(fsm.state(), State::done);
  }
}

TEST(ReflectorFsm, DisconnectedIsToldOnceAndReconnectedAfterTheList) {
  ReflectorFsm fsm = in(State::connecting);
  EXPECT_TRUE(fsm.resume({.outcome = Outcome::connect_failed, .error = &gone}).tell_disconnected);
  for (int i = 0; i < 5; ++i) {
    fsm.resume({.outcome = Outcome::backoff_over});
    EXPECT_FALSE(
        fsm.resume({.outcome = Outcome::connect_failed, .error = &gone}).tell_disconnected);
  }
  fsm.resume({.outcome = Outcome::backoff_over});
  EXPECT_FALSE(fsm.resume({.outcome = Outcome::connected}).tell_reconnected);
  const Action listed = fsm.resume({.outcome = Outcome::listed});
  EXPECT_TRUE(listed.apply_list);
  EXPECT_TRUE(listed.tell_reconnected);
  EXPECT_TRUE(listed.tell_synced);
}

TEST(ReflectorFsm, SyncedIsToldOnce) {
  ReflectorFsm fsm = in(State::watching);
  fsm.resume({.outcome = Outcome::desynced});
  EXPECT_FALSE(fsm.resume({.outcome = Outcome::listed}).tell_synced);
}

TEST(ReflectorFsm, AStreamThatEndsAtOnceIsAFailure) {
  ReflectorFsm fsm = in(State::watching);
  const Action action =
      fsm.resume({.outcome = Outcome::stream_ended, .now = Monotonic(900ms), .chance = 0.5});
  Action at_once = lost;
  at_once.reason = "the engine ended the stream at once";
  EXPECT_EQ(action, at_once) << action;
}

TEST(ReflectorFsm, ADoubtDuringAListListsAgainAndTellsNothingBefore) {
  ReflectorFsm fsm = in(State::backing_off);
  fsm.resume({.outcome = Outcome::backoff_over});
  fsm.resume({.outcome = Outcome::connected});
  fsm.resume({.outcome = Outcome::desynced});
  const Action first = fsm.resume({.outcome = Outcome::listed});
  EXPECT_EQ(first, (Action{.apply_list = true, .step = Step::list})) << first;
  const Action second = fsm.resume({.outcome = Outcome::listed});
  EXPECT_TRUE(second.tell_reconnected);
  EXPECT_EQ(fsm.state(), State::watching);
}

Duration delay_after(ReflectorFsm& fsm, int failures, double chance, const RuntimeError& error) {
  Duration delay{};
  for (int i = 0; i < failures; ++i) {
    delay = fsm.resume({.outcome = Outcome::connect_failed,
                        .now = Monotonic(0s),
                        .chance = chance,
                        .error = &error})
                .delay;
    fsm.resume({.outcome = Outcome::backoff_over});
  }
  return delay;
}

TEST(ReflectorFsm, DelaysDoubleUpToTheCapWithFullJitter) {
  for (const auto& [failures, longest] : std::vector<std::pair<int, Duration>>{
           {1, 100ms}, {2, 200ms}, {3, 400ms}, {6, 2s}, {99, 2s}}) {
    ReflectorFsm most = in(State::connecting);
    EXPECT_EQ(delay_after(most, failures, 1.0, gone), longest) << failures;
    ReflectorFsm half = in(State::connecting);
    EXPECT_EQ(delay_after(half, failures, 0.5, gone), longest / 2) << failures;
    ReflectorFsm least = in(State::connecting);
    EXPECT_EQ(delay_after(least, failures, 0.0, gone), policy.floor) << failures;
  }
}

Duration delay_after_session(Duration length) {
  ReflectorFsm fsm = in(State::connecting);
  delay_after(fsm, 9, 1.0, gone);
  fsm.resume({.outcome = Outcome::connected, .now = Monotonic(0s)});
  fsm.resume({.outcome = Outcome::listed});
  return fsm
      .resume({.outcome = Outcome::stream_failed,
               .now = Monotonic(length),
               .chance = 1.0,
               .error = &gone})
      .delay;
}

TEST(ReflectorFsm, ALongSessionForgivesTheFailuresBefore) {
  EXPECT_EQ(delay_after_session(119s), 2s);
  EXPECT_EQ(delay_after_session(120s), 100ms);
}

TEST(ReflectorFsm, ALongSessionForgivesAlsoIfItEndedInANormalWay) {
  ReflectorFsm fsm = in(State::connecting);
  const RuntimeError error{.what = "gone"};
  for (int i = 0; i < 9; ++i) {
    fsm.resume({.outcome = Outcome::connect_failed, .chance = 1.0, .error = &error});
    fsm.resume({.outcome = Outcome::backoff_over});
  }
  fsm.resume({.outcome = Outcome::connected, .now = Monotonic(100s)});
  fsm.resume({.outcome = Outcome::listed, .now = Monotonic(100s)});
  fsm.resume({.outcome = Outcome::stream_ended, .now = Monotonic(220s)});
  fsm.resume({.outcome = Outcome::connected, .now = Monotonic(220s)});
  const auto action = fsm.resume(
      {.outcome = Outcome::list_failed, .now = Monotonic(225s), .chance = 1.0, .error = &error});
  EXPECT_EQ(action.delay, 100ms);
}

TEST(ReflectorFsm, ARefusalIsAskedAgainSeldomButNotAtOnceAfterItWasAllowed) {
  const RuntimeError denied{.kind = ErrorKind::denied, .what = "no"};
  ReflectorFsm never = in(State::connecting);
  EXPECT_EQ(delay_after(never, 1, 0.0, denied), 1s);

  ReflectorFsm before = in(State::watching);
  const auto refuse = [&](Outcome outcome, Duration at) {
    return before
        .resume({.outcome = outcome, .now = Monotonic(at), .chance = 1.0, .error = &denied})
        .delay;
  };
  EXPECT_EQ(refuse(Outcome::stream_failed, 300s), 100ms);
  before.resume({.outcome = Outcome::backoff_over});
  EXPECT_EQ(refuse(Outcome::connect_failed, 309s), 100ms);
  before.resume({.outcome = Outcome::backoff_over});
  EXPECT_EQ(refuse(Outcome::connect_failed, 311s), 2s);
}

TEST(ReflectorFsm, AnEngineThatSaysWhenIsNotAskedBefore) {
  const RuntimeError busy{.what = "too many requests", .retry_after = 7s};
  ReflectorFsm fsm = in(State::connecting);
  EXPECT_EQ(delay_after(fsm, 1, 0.5, busy), 7s + 50ms);
}

}  // namespace
}  // namespace rollcall
