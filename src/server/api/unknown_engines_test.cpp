// Answers while the instances of an engine are unknown.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api/api.hpp"
#include "support/api_fixture.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using test::unavailable;
using test::unique_id;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ServerUnknown : public test::ApiTest {
 protected:
  /// Starts a hub with an engine that was never reachable and one that runs an instance.
  void run(HubOptions options = {}) {
    make_api(std::move(options));
    engine("unix:///away").connect_error = unavailable("nobody there");
    put(engine("unix:///e"), "web");
    add(engine("unix:///away"));
    add(engine("unix:///e"));
    settle();
  }

  void come() {
    revive(engine("unix:///away"));
    pass(3s);
  }

  static std::string path_of(const std::string& endpoint, const std::string& name) {
    return "/docker/unix%3A%2F%2F%2F" + endpoint + "/" + unique_id(name);
  }
};

TEST_F(ServerUnknown, ListsSayWhatTheyDoNotKnow) {
  run();
  for (const char* target : {"/v1/instances", "/v1/instances?name=web", "/v1/instances?fields=name",
                             "/v1/instances?runtime=host"}) {
    const auto json = body(ask(target));
    EXPECT_FALSE(json.at("complete").as_bool()) << target;
    ASSERT_EQ(json.at("stale").as_array().size(), 1U) << target;
    const auto& away = json.at("stale").at(0);
    EXPECT_EQ(away.at("endpoint").as_string(), "unix:///away");
    EXPECT_TRUE(away.at("never").as_bool());
    EXPECT_TRUE(away.at("named").as_bool());
    EXPECT_THAT(std::string(away.at("reason").as_string()), HasSubstr("nobody there"));
  }
  come();
  const auto json = body(ask("/v1/instances"));
  EXPECT_TRUE(json.at("complete").as_bool());
  EXPECT_FALSE(json.as_object().contains("stale"));
}

TEST_F(ServerUnknown, WhoHasTheListIsToldThatItIsCompleteNow) {
  make_api();
  engine("unix:///e").hold_lists();
  add(engine("unix:///e"));
  const Reply before = ask("/v1/instances");
  EXPECT_FALSE(body(before).at("complete").as_bool());
  engine("unix:///e").release_lists();
  const Reply after = ask("/v1/instances", {{"if-none-match", header(before, "ETag")}});
  EXPECT_EQ(after.status, 200U) << "nothing was logged, and yet it is not the same";
  EXPECT_TRUE(body(after).at("complete").as_bool());
  EXPECT_EQ(ask("/v1/instances", {{"if-none-match", header(after, "ETag")}}).status, 304U);
}

TEST_F(ServerUnknown, AfterTheGraceListsSaySoAndTargetsAreWhatIsLeft) {
  make_api({.grace = 1min});
  put(engine("unix:///e"), "web");
  add(engine("unix:///e"));
  settle();
  kill(engine("unix:///e"));
  auto json = body(ask("/v1/instances"));
  EXPECT_TRUE(json.at("complete").as_bool()) << "what it ran is still listed";
  EXPECT_EQ(json.at("stale").as_array().size(), 1U);
  EXPECT_FALSE(json.at("stale").at(0).as_object().contains("dropped"));
  pass(2min);
  json = body(ask("/v1/instances"));
  EXPECT_FALSE(json.at("complete").as_bool());
  ASSERT_EQ(json.at("stale").as_array().size(), 1U);
  EXPECT_TRUE(json.at("stale").at(0).at("dropped").as_bool());
  EXPECT_EQ(ask("/v1/sd/prometheus").status, 200U);
  const Reply ready = ask("/readyz");
  EXPECT_EQ(ready.status, 200U);
  EXPECT_THAT(*ready.body, HasSubstr("away, and dropped: docker at unix:///e"));
}

TEST_F(ServerUnknown, BareListsAreRefusedUntilTheWaitIsOver) {
  options_.wait_for_named = 1min;
  run();
  for (const char* target :
       {"/v1/sd/prometheus", "/v1/sd/prometheus?name=web", "/v1/runtime/instances", "/readyz"}) {
    EXPECT_THAT(problem_of(target, 503), HasSubstr("docker at unix:///away")) << target;
    EXPECT_NE(header(ask(target), "Retry-After"), "") << target;
  }
  EXPECT_EQ(ask("/livez").status, 200U);
  pass(61s);
  for (const char* target : {"/v1/sd/prometheus", "/v1/runtime/instances", "/readyz"}) {
    EXPECT_EQ(ask(target).status, 200U) << target;
  }
  EXPECT_THAT(*ask("/readyz").body,
              AllOf(HasSubstr("ready\n"), HasSubstr("never listed: docker at unix:///away")));
  come();
  EXPECT_EQ(*ask("/readyz").body, "ready\n");
}

TEST_F(ServerUnknown, WhatNobodyNamedIsNotWaitedFor) {
  make_api();
  engine("unix:///away").connect_error = unavailable();
  add_found(engine("unix:///away"));
  EXPECT_EQ(ask("/v1/sd/prometheus").status, 200U);
  EXPECT_EQ(*ask("/readyz").body, "ready\n");
  EXPECT_FALSE(body(ask("/v1/instances")).at("complete").as_bool());
}

TEST_F(ServerUnknown, StrangersAreNotToldWhereItIs) {
  run();
  options_.token = "0123456789abcdef";
  EXPECT_THAT(problem_of("/readyz", 503), AllOf(HasSubstr("docker"), Not(HasSubstr("away"))));
  EXPECT_THAT(problem_of("/readyz", 503, {{"authorization", "Bearer 0123456789abcdef"}}),
              HasSubstr("unix:///away"));
}

TEST_F(ServerUnknown, OneInstanceOfItIsNotSaidToBeGone) {
  run();
  EXPECT_THAT(problem_of("/v1/instances" + path_of("away", "x"), 503), HasSubstr("not known"));
  EXPECT_THAT(problem_of("/v1/explain" + path_of("away", "x"), 503), HasSubstr("not known"));
  EXPECT_EQ(ask("/v1/instances" + path_of("e", "x")).status, 404U) << "that one is listed";
  come();
  EXPECT_EQ(ask("/v1/instances" + path_of("away", "x")).status, 404U);
}

TEST_F(ServerUnknown, StatusAndKoiSaySo) {
  run();
  auto status = body(ask("/v1/status"));
  EXPECT_FALSE(status.at("complete").as_bool());
  EXPECT_TRUE(status.at("backends").at(0).at("never").as_bool());
  EXPECT_FALSE(status.at("backends").at(1).as_object().contains("never"));
  EXPECT_FALSE(body(ask("/v1/runtime/status")).at("complete").as_bool());
  EXPECT_THAT(*ask("/metrics").body, AllOf(HasSubstr("rollcall_complete 0\n"),
                                           HasSubstr("rollcall_backend_unknown{backend=\"docker\","
                                                     "endpoint=\"unix:///away\"} 1\n")));
  come();
  EXPECT_TRUE(body(ask("/v1/status")).at("complete").as_bool());
  EXPECT_FALSE(body(ask("/v1/runtime/status")).as_object().contains("complete"));
}

TEST_F(ServerUnknown, StreamsBeginWithItAndTellItsEnd) {
  run();
  for (const bool lines : {false, true}) {
    const Headers accept = {{"accept", lines ? "application/x-ndjson" : "text/event-stream"}};
    const auto live = ask("/v1/events", accept).live;
    const std::string opening = said(live);
    EXPECT_THAT(opening, AllOf(HasSubstr("\"type\":\"bookmark\",\"complete\":false"),
                               HasSubstr("unix:///away"), HasSubstr("\"never\":true")));
    EXPECT_EQ(opening.contains("event: bookmark\n"), !lines);
  }
  const auto late = ask("/v1/events?since=" + to_string(hub_->cursor())).live;
  come();
  std::string text;
  while (const SharedText more = next(late)) text += *more;
  EXPECT_THAT(text, HasSubstr("\"complete\":true"));
}

TEST_F(ServerUnknown, WhoResumesIsToldWhatTheLogDoesNotTell) {
  make_api();
  engine("unix:///e").hold_lists();
  add(engine("unix:///e"));
  const std::string cursor(body(ask("/v1/instances")).at("cursor").as_string());
  engine("unix:///e").release_lists();
  const auto live = ask("/v1/events?since=" + cursor).live;
  EXPECT_THAT(said(live), Not(HasSubstr("bookmark")));
  EXPECT_THAT(said(live), HasSubstr("\"complete\":true"));
  EXPECT_EQ(next(live), nullptr) << "once";
}

}  // namespace
}  // namespace rollcall::server
