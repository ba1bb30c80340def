// An engine that was not listed counts as unknown, not as empty.
#include "engine/unknown.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/hub_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::unavailable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RuntimeError no_socket() {
  RuntimeError error = unavailable("there is no such socket");
  error.fault = ConnectFault::missing;
  return error;
}

class UnknownEnginesTest : public test::HubTest {
 protected:
  /// All unknown engines, as "ENDPOINT never" and the like.
  std::vector<std::string> unknown() {
    settle();
    std::vector<std::string> all;
    for (const UnknownEngine& one : hub_->view()->unknown) {
      all.push_back(one.origin->endpoint + (one.why == Unknown::never ? " never" : " dropped"));
    }
    EXPECT_EQ(hub_->unknown().complete(), all.empty());
    EXPECT_EQ(hub_->view()->complete(), all.empty());
    return all;
  }

  std::vector<std::string> waited_for(Duration wait) {
    settle();
    std::vector<std::string> all;
    for (const SourceStatus& source : awaited(hub_->sources(), env_->monotonic(), wait)) {
      all.push_back(source.endpoint);
    }
    return all;
  }
};

TEST_F(UnknownEnginesTest, OneIsUnknownUntilItsFirstListWasTold) {
  make_hub();
  engine("a").hold_lists();
  add(engine("a"));
  EXPECT_THAT(unknown(), ElementsAre("a never"));
  EXPECT_EQ(hub_->view()->unknown[0].reason, "") << "its answer is awaited";
  engine("a").release_lists();
  EXPECT_THAT(unknown(), IsEmpty()) << "also if it runs nothing";
}

TEST_F(UnknownEnginesTest, OneThatIsAwaySinceTheStartIsUnknownWithItsReason) {
  make_hub();
  engine("a").connect_error = unavailable("nobody there");
  put(engine("b"), "db");
  add(engine("a"));
  add(engine("b"));
  EXPECT_THAT(unknown(), ElementsAre("a never"));
  EXPECT_THAT(hub_->view()->unknown[0].reason, HasSubstr("nobody there"));
  EXPECT_TRUE(hub_->view()->unknown[0].named);
  pass(1h);
  EXPECT_THAT(unknown(), ElementsAre("a never")) << "time makes nothing known";
  revive(engine("a"));
  pass(3s);
  EXPECT_THAT(unknown(), IsEmpty());
}

TEST_F(UnknownEnginesTest, OneThatIsLostIsKnownAsItWas) {
  make_hub();
  put(engine("a"), "web");
  add(engine("a"));
  settle();
  kill(engine("a"));
  pass(1h);
  EXPECT_THAT(unknown(), IsEmpty());
}

TEST_F(UnknownEnginesTest, AfterTheGraceItIsUnknownAlsoIfItRanNothing) {
  make_hub({.grace = 1min});
  put(engine("a"), "web");
  add(engine("a"));
  add(engine("empty"));
  settle();
  kill(engine("a"));
  kill(engine("empty"));
  pass(59s);
  EXPECT_THAT(unknown(), IsEmpty());
  pass(2s);
  EXPECT_THAT(unknown(), ElementsAre("a dropped", "empty dropped"));
  EXPECT_THAT(hub_->view()->unknown[0].reason, HasSubstr("cut"));
  EXPECT_THAT(waited_for(1h), IsEmpty()) << "whoever set a grace wanted it dropped";
  revive(engine("a"));
  revive(engine("empty"));
  pass(3s);
  EXPECT_THAT(unknown(), IsEmpty());
}

TEST_F(UnknownEnginesTest, WhatAnotherPathShowsIsKnownAfterTheGrace) {
  make_hub({.grace = 1min});
  put(engine("a"), "web");
  put(engine("b"), "web");
  add(engine("a"));
  settle();
  add(engine("b"));
  settle();
  kill(engine("a"));
  pass(2min);
  EXPECT_THAT(shown(), ElementsAre("web@b"));
  EXPECT_THAT(unknown(), IsEmpty());
}

TEST_F(UnknownEnginesTest, WhereNothingIsNothingRunsUnlessItWasNamed) {
  make_hub();
  engine("a").connect_error = no_socket();
  engine("b").connect_error = no_socket();
  engine("c").connect_error = unavailable("permission denied");
  add_found(engine("a"));
  add(engine("b"));
  add_found(engine("c"));
  EXPECT_THAT(unknown(), ElementsAre("b never", "c never"));
  EXPECT_THAT(waited_for(1h), ElementsAre("b"));
}

TEST_F(UnknownEnginesTest, OneThatCanNeverBeWatchedIsUnknownUntilItIsRemoved) {
  make_hub();
  const RuntimeError wrong{.kind = ErrorKind::invalid_config, .what = "this is no URL"};
  const SourceId id = hub_->add_failed(
      {.kind = RuntimeBackendKind::docker, .endpoint = "nonsense", .named = true}, wrong);
  EXPECT_THAT(unknown(), ElementsAre("nonsense never"));
  EXPECT_EQ(status(id).state, SourceState::failed);
  EXPECT_THAT(status(id).reason, HasSubstr("no URL"));
  EXPECT_THAT(waited_for(1min), ElementsAre("nonsense"));
  EXPECT_TRUE(hub_->settled());
  hub_->remove(id);
  EXPECT_THAT(unknown(), IsEmpty());
  EXPECT_THAT(hub_->sources(), IsEmpty());
}

TEST_F(UnknownEnginesTest, EachIsWaitedForFromWhenItWasAdded) {
  make_hub();
  for (const char* name : {"a", "b"}) engine(name).connect_error = unavailable();
  add(engine("a"));
  pass(4min);
  add(engine("b"));
  EXPECT_THAT(waited_for(5min), ElementsAre("a", "b"));
  pass(1min);
  EXPECT_THAT(waited_for(5min), ElementsAre("b"));
  EXPECT_THAT(waited_for(Duration::zero()), IsEmpty());
  revive(engine("b"));
  pass(3s);
  EXPECT_THAT(waited_for(5min), IsEmpty());
}

TEST_F(UnknownEnginesTest, OfThePlacesOfOneRuntimeOneIsEnough) {
  make_hub();
  engine("a").connect_error = unavailable();
  for (const char* name : {"a", "b"}) {
    SourceSpec spec = spec_of(engine(name));
    spec.one_of_several = true;
    ASSERT_TRUE(hub_->add(std::move(spec)));
  }
  EXPECT_THAT(waited_for(5min), IsEmpty());
  EXPECT_THAT(unknown(), ElementsAre("a never")) << "it may run something all the same";
}

TEST_F(UnknownEnginesTest, ViewsOfOneCursorThatDifferInThisHaveOtherRevisions) {
  make_hub();
  engine("a").hold_lists();
  add(engine("a"));
  settle();
  const ViewPtr before = hub_->view();
  EXPECT_EQ(hub_->view(), before);
  engine("a").release_lists();
  settle();
  const ViewPtr after = hub_->view();
  EXPECT_EQ(before->cursor, after->cursor) << "it runs nothing";
  EXPECT_NE(before->revision, after->revision);
  EXPECT_FALSE(hub_->unknown().was_complete_at(before->cursor.sequence))
      << "who has that view was told otherwise";
  put(engine("a"), "web");
  settle();
  EXPECT_TRUE(hub_->unknown().was_complete_at(hub_->cursor().sequence));
}

}  // namespace
}  // namespace rollcall
