#include "engine/hub.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/hub_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::container_at;
using test::unavailable;
using test::unique_id;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class HubTest : public test::HubTest {
 protected:
  /// The next batch of a reader, or nothing while it waits.
  std::optional<Subscription::Batch> next(Subscription& subscription, std::size_t most = 256) {
    std::optional<Subscription::Batch> given;
    boost::asio::co_spawn(io_, subscription.next(most),
                          [&given](const std::exception_ptr&, Subscription::Batch batch) {
                            given = std::move(batch);
                          });
    settle();
    if (given) return given;
    subscription.wake();
    settle();
    EXPECT_TRUE(given && *given && (*given)->empty());
    return std::nullopt;
  }
};

TEST_F(HubTest, ShowsWhatAllItsSourcesRun) {
  make_hub();
  put(engine("a"), "web");
  put(engine("b"), "db");
  add(engine("a"));
  add(engine("b"));
  EXPECT_FALSE(hub_->settled());
  EXPECT_THAT(shown(), ElementsAre("web@a", "db@b"));
  EXPECT_TRUE(hub_->settled());
  EXPECT_EQ(hub_->find(container_at(engine("a"), "web")->key)->name, "web");
  EXPECT_EQ(hub_->find({"docker", "c", unique_id("web")}), nullptr);
}

TEST_F(HubTest, NoSourceDelaysAnother) {
  make_hub();
  engine("dead").connect_error = unavailable();
  engine("slow").hold_lists();
  put(engine("a"), "web");
  const SourceId dead = add(engine("dead"));
  const SourceId slow = add(engine("slow"));
  add(engine("a"));
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  EXPECT_EQ(status(dead).state, SourceState::backing_off);
  EXPECT_EQ(status(slow).state, SourceState::syncing);
  EXPECT_FALSE(hub_->settled());
  engine("slow").release_lists();
  EXPECT_EQ(status(slow).state, SourceState::ready);
  EXPECT_TRUE(hub_->settled()) << "the dead one has failed once";
}

TEST_F(HubTest, TellsTheStateOfASource) {
  make_hub();
  engine("a").connect_error = unavailable("nobody there");
  const SourceId id = add(engine("a"));
  EXPECT_EQ(hub_->sources().front().state, SourceState::connecting);
  SourceStatus now = status(id);
  EXPECT_EQ(now.name, "docker");
  EXPECT_EQ(now.endpoint, "a");
  EXPECT_EQ(now.state, SourceState::backing_off);
  EXPECT_THAT(now.reason, HasSubstr("nobody there"));
  ASSERT_TRUE(now.next_try);
  EXPECT_GT(*now.next_try, env_->now());
  EXPECT_TRUE(now.failed_once);
  EXPECT_FALSE(now.synced_once);
  EXPECT_TRUE(now.stale_since);
  EXPECT_EQ(now.counters.failures, 1U);

  revive(engine("a"));
  pass(1s);
  now = status(id);
  EXPECT_EQ(now.state, SourceState::ready);
  EXPECT_EQ(now.reason, "");
  EXPECT_FALSE(now.next_try);
  EXPECT_FALSE(now.stale_since);
  EXPECT_TRUE(now.synced_once);
  EXPECT_TRUE(now.last_sync);
  EXPECT_EQ(now.counters.reconnects, 1U);
  EXPECT_EQ(now.counters.lists, 1U);
}

TEST_F(HubTest, OneThatComesLateIsReconnectedWhenAllOfItWasTold) {
  make_hub();
  engine("a").connect_error = unavailable("nobody there");
  put(engine("a"), "web");
  add(engine("a"));
  Subscription reader = hub_->subscribe().value();
  settle();
  engine("a").changes.clear();
  revive(engine("a"));
  pass(1s);
  std::vector<std::string> types;
  for (const LogEntryPtr& entry : reader.try_next().value()) {
    types.emplace_back(type_of(entry->event));
  }
  EXPECT_THAT(types, ElementsAre("backend_disconnected", "started", "backend_reconnected"));
}

TEST_F(HubTest, WhatADisconnectedSourceToldStaysAndIsStaleByItsState) {
  make_hub();
  put(engine("a"), "web");
  const SourceId id = add(engine("a"));
  settle();
  EXPECT_THAT(hub_->view()->away, IsEmpty());
  kill(engine("a"));
  pass(3min);
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  EXPECT_EQ(status(id).counters.drops, 1U) << "it is said once";
  const ViewPtr view = hub_->view();
  ASSERT_THAT(view->away, SizeIs(1));
  EXPECT_EQ(view->away[0].origin->endpoint, "a");
  EXPECT_THAT(view->away[0].reason, HasSubstr("cut"));
  engine("a").remove(unique_id("web"));
  revive(engine("a"));
  pass(3s);
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(hub_->view()->away, IsEmpty());
}

TEST_F(HubTest, AfterTheGraceWhatWasShownIsStoppedAndStartedAgainOnReturn) {
  make_hub({.grace = 1min});
  put(engine("a"), "web");
  add(engine("a"));
  settle();
  Subscription reader = hub_->subscribe().value();
  kill(engine("a"));
  pass(59s);
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  pass(1s);
  EXPECT_THAT(shown(), IsEmpty());
  revive(engine("a"));
  pass(3s);
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  std::vector<std::string> types;
  for (const LogEntryPtr& entry : reader.try_next().value()) {
    types.emplace_back(type_of(entry->event));
  }
  EXPECT_THAT(types,
              ElementsAre("backend_disconnected", "stopped", "started", "backend_reconnected"));
}

TEST_F(HubTest, OneEngineUnderTwoPathsIsShownOnce) {
  make_hub();
  put(engine("a"), "web");
  put(engine("b"), "web");
  const SourceId first = add(engine("a"));
  const SourceId second = add(engine("b"));
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  EXPECT_EQ(status(first).instances, 1U);
  EXPECT_EQ(status(second).instances, 0U);
  EXPECT_EQ(status(second).repeated, 1U);
  kill(engine("a"));
  pass(11s);
  EXPECT_THAT(shown(), ElementsAre("web@b")) << "the other path tells on";
  hub_->remove(second);
  EXPECT_THAT(shown(), ElementsAre("web@a"));
}

TEST_F(HubTest, SourcesComeAndGo) {
  make_hub();
  put(engine("a"), "web");
  put(engine("b"), "db");
  const SourceId first = add(engine("a"));
  settle();
  add(engine("b"));
  EXPECT_THAT(shown(), ElementsAre("web@a", "db@b"));
  hub_->remove(first);
  EXPECT_THAT(shown(), ElementsAre("db@b"));
  EXPECT_THAT(hub_->sources(), SizeIs(1));
  put(engine("a"), "more");
  EXPECT_THAT(shown(), ElementsAre("db@b"));
  hub_->remove(first);
  add(engine("a"));
  EXPECT_THAT(shown(), ElementsAre("more@a", "web@a", "db@b"));
}

TEST_F(HubTest, OneThatIsRemovedWhileItIsAwayIsAwayNoMore) {
  make_hub();
  put(engine("a"), "web");
  const SourceId id = add(engine("a"));
  settle();
  Subscription reader = hub_->subscribe().value();
  kill(engine("a"));
  settle();
  hub_->remove(id);
  settle();
  EXPECT_THAT(hub_->view()->away, IsEmpty());
  std::vector<std::string> types;
  for (const LogEntryPtr& entry : reader.try_next().value()) {
    types.emplace_back(type_of(entry->event));
  }
  EXPECT_THAT(types, ElementsAre("backend_disconnected", "stopped", "backend_reconnected"));
}

TEST_F(HubTest, AnImpossibleSourceIsNotAdded) {
  make_hub();
  const auto added =
      hub_->add({.make = [](const SourceHooks&) -> Result<std::unique_ptr<RuntimeBackend>> {
        return fail({.kind = ErrorKind::invalid_config, .what = "no such scheme"});
      }});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().what, "no such scheme");
  EXPECT_THAT(hub_->sources(), IsEmpty());
  EXPECT_TRUE(hub_->settled());
}

TEST_F(HubTest, ASourceThatOnlyAnotherConfigurationCouldHelpHasFailed) {
  make_hub();
  put(engine("a"), "web");
  const SourceId id = add(engine("a"));
  settle();
  engine("a").connect_error = {.kind = ErrorKind::invalid_config, .what = "no certificate"};
  engine("a").break_stream(unavailable());
  pass(3s);
  EXPECT_EQ(status(id).state, SourceState::failed);
  EXPECT_THAT(status(id).reason, HasSubstr("no certificate"));
  EXPECT_THAT(shown(), ElementsAre("web@a"));
  EXPECT_THAT(hub_->view()->away, SizeIs(1));
}

TEST_F(HubTest, TheHostBeginsWhenAllOthersWereTriedAndLeavesOutWhatTheyList) {
  make_hub();
  engine("a").hold_lists();
  const SourceId host = add(engine("host", "host"), RuntimeBackendKind::host);
  const SourceId docker = add(engine("a"));
  pass(1min);
  EXPECT_EQ(engine("host").connects, 0);
  EXPECT_EQ(status(host).state, SourceState::connecting);
  EXPECT_FALSE(hooks_["host"].listed_elsewhere(RuntimeBackendKind::docker));
  engine("a").release_lists();
  settle();
  EXPECT_EQ(engine("host").connects, 1);
  EXPECT_TRUE(hooks_["host"].listed_elsewhere(RuntimeBackendKind::docker));
  EXPECT_FALSE(hooks_["host"].listed_elsewhere(RuntimeBackendKind::podman));
  hub_->remove(docker);
  EXPECT_FALSE(hooks_["host"].listed_elsewhere(RuntimeBackendKind::docker));
}

TEST_F(HubTest, TheHostNeedNotWaitForOneThatIsRemoved) {
  make_hub();
  engine("a").hold_lists();
  const SourceId docker = add(engine("a"));
  add(engine("host", "host"), RuntimeBackendKind::host);
  settle();
  hub_->remove(docker);
  settle();
  EXPECT_EQ(engine("host").connects, 1);
}

TEST_F(HubTest, AViewIsMadeOnceForEachVersion) {
  make_hub();
  put(engine("a"), "web");
  add(engine("a"));
  settle();
  const ViewPtr before = hub_->view();
  EXPECT_EQ(hub_->view(), before);
  put(engine("a"), "db");
  settle();
  const ViewPtr after = hub_->view();
  EXPECT_NE(after, before);
  EXPECT_EQ(after->cursor.sequence, before->cursor.sequence + 1);
  EXPECT_THAT(before->instances, SizeIs(1)) << "whoever holds it keeps what it was";
}

TEST_F(HubTest, AReaderIsGivenWhatChangesAfterItsCursor) {
  make_hub();
  put(engine("a"), "web");
  add(engine("a"));
  settle();
  const Cursor cursor = hub_->view()->cursor;
  Subscription now = hub_->subscribe().value();
  EXPECT_FALSE(next(now)) << "nothing has changed";
  put(engine("a"), "db");
  const auto given = next(now).value();
  ASSERT_THAT(given.value(), SizeIs(1));
  EXPECT_EQ(std::get<Started>((*given)[0]->event).instance->name, "db");
  EXPECT_EQ(key_of((*given)[0]->event)->endpoint, "a");
  Subscription later = hub_->subscribe(cursor).value();
  EXPECT_EQ(next(later).value().value(), *given);
  Subscription all = hub_->subscribe(Cursor{cursor.epoch, 0}).value();
  EXPECT_THAT(next(all, 1).value().value(), SizeIs(1));
  EXPECT_THAT(next(all, 5).value().value(), SizeIs(1));
}

TEST_F(HubTest, AReaderThatIsTooSlowIsToldWhatItMissedAndDelaysNobody) {
  make_hub({.log = {.entries = 4, .bytes = 1U << 20U}});
  add(engine("a"));
  settle();
  Subscription slow = hub_->subscribe().value();
  Subscription quick = hub_->subscribe().value();
  for (int i = 0; i < 10; ++i) {
    put(engine("a"), "c" + std::to_string(i));
    EXPECT_THAT(next(quick).value().value(), SizeIs(1));
  }
  EXPECT_EQ(hub_->log_status().furthest_behind, 10U);
  const auto lagged = next(slow).value();
  ASSERT_FALSE(lagged);
  EXPECT_EQ(lagged.error().reason, LogGap::Reason::too_old);
  EXPECT_EQ(lagged.error().missed, 6U);
  EXPECT_EQ(lagged.error().oldest, hub_->oldest());
  EXPECT_TRUE(slow.closed());
  EXPECT_EQ(hub_->log_status().subscribers, 1U);
  EXPECT_EQ(hub_->log_status().lagged, 1U);
  const auto refused = hub_->subscribe(Cursor{hub_->cursor().epoch, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().missed, 6U);
}

TEST_F(HubTest, TheCursorOfAnotherHubIsRefused) {
  make_hub();
  const Cursor other{hub_->cursor().epoch + 1, 0};
  const auto refused = hub_->subscribe(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, LogGap::Reason::other_epoch);
}

TEST_F(HubTest, StoppingEndsAllReaders) {
  make_hub();
  add(engine("a"));
  settle();
  Subscription reader = hub_->subscribe().value();
  std::optional<Subscription::Batch> given;
  boost::asio::co_spawn(
      io_, reader.next(),
      [&given](const std::exception_ptr&, Subscription::Batch batch) { given = std::move(batch); });
  settle();
  stop();
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->value().empty());
  EXPECT_TRUE(reader.closed());
  EXPECT_TRUE(hub_->subscribe()->closed());
  hub_.reset();
  EXPECT_TRUE(reader.closed());
}

TEST_F(HubTest, WaitingUntilItIsSettledEnds) {
  make_hub();
  engine("a").hold_lists();
  add(engine("a"));
  int ended = 0;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(io_, hub_->wait_settled(),
                          [&ended](const std::exception_ptr&) { ++ended; });
  }
  settle();
  EXPECT_EQ(ended, 0);
  engine("a").release_lists();
  settle();
  EXPECT_EQ(ended, 2);
}

TEST_F(HubTest, LogsALineForEachTurnAndNoneForAnEventOrATry) {
  make_hub();
  put(engine("a"), "web");
  add(engine("a"));
  settle();
  put(engine("a"), "db");
  settle();
  EXPECT_THAT(logged_, ElementsAre("docker at a is ready"));
  kill(engine("a"));
  pass(1min);
  EXPECT_THAT(logged_, ElementsAre("docker at a is ready", HasSubstr("docker at a is away: cut"),
                                   HasSubstr("docker at a is away: dead")));
  revive(engine("a"));
  pass(3s);
  EXPECT_THAT(logged_, SizeIs(4));
}

TEST_F(HubTest, CountsSignalsOfUnknownMeaning) {
  make_hub();
  const SourceId id = add(engine("a"));
  settle();
  engine("a").unknown_signals = 2;  // in each session
  pass(15min);                      // a list was due
  EXPECT_EQ(status(id).counters.unknown_signals, 2U);
  engine("a").break_stream(unavailable());
  pass(3s);
  EXPECT_EQ(status(id).counters.unknown_signals, 4U);
}

TEST_F(HubTest, CountsWhatBrokeTheProtocol) {
  make_hub();
  const SourceId id = add(engine("a"));
  settle();
  engine("a").break_stream({.kind = ErrorKind::protocol, .what = "not JSON"});
  pass(3s);
  const SourceCounters counters = status(id).counters;
  EXPECT_EQ(counters.protocol_errors, 1U);
  EXPECT_EQ(counters.failures, 1U);
  EXPECT_EQ(counters.drops, 1U);
  EXPECT_EQ(counters.reconnects, 1U);
  EXPECT_EQ(counters.connects, 2U);
  EXPECT_EQ(counters.lists, 2U);
}

}  // namespace
}  // namespace rollcall
