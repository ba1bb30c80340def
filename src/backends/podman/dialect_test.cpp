// What the driver asks of Podman, and the events of its recordings.
#include "backends/podman/dialect.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/docker_api/events.hpp"
#include "backends/podman/driver.hpp"
#include "support/http_server.hpp"
#include "support/paths.hpp"
#include "support/run.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::podman {
namespace {

using namespace std::chrono_literals;
using test::http_answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string podman =
    "Server: Libpod/4.3.1 (linux)\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n";

std::string item(const std::string& id) {
  return fmt::format(R"({{"Id":"{0}","Names":["/{0}"],"State":"running","Created":1}})", id);
}

std::string own_item(const std::string& id, const std::string& fields) {
  return fmt::format(R"({{"Id":"{}","Networks":["podman"]{}}})", id, fields);
}

class PodmanDialectTest : public testing::Test {
 protected:
  std::string answer(const std::string& target) {
    if (target == "/_ping") return http_answer("OK", 200, podman);
    if (target.contains("/events")) return events_;
    if (target.contains("/libpod/")) return own_;
    return target.contains("/containers/json") ? list_ : inspect_;
  }

  std::shared_ptr<Session> connect(Purpose purpose = Purpose::list) {
    if (!driver_) {
      options_.log = [this](LogLevel, std::string_view text) { logged_.emplace_back(text); };
      driver_ = make_driver({server_.url(), "test"}, options_, io_.get_executor(), env_);
    }
    auto session = test::run(io_, driver_->connect(purpose));
    EXPECT_TRUE(session) << session.error();
    return *session;
  }

  std::vector<Reading> list() {
    auto listed = test::run(io_, connect()->list());
    EXPECT_TRUE(listed) << listed.error();
    return listed ? listed->readings : std::vector<Reading>();
  }

  std::string events_ = chunked + "<hold>";
  std::string list_ = http_answer("[" + item("a") + "]");
  std::string own_ = http_answer("[" + own_item("a", "") + "]");
  std::string inspect_ = http_answer(R"({"HostConfig":{"NetworkMode":"host"}})");
  BackendOptions options_;
  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  test::HttpServer server_{io_, [this](const std::string& target) { return answer(target); }};
  std::unique_ptr<Driver> driver_;
  std::vector<std::string> logged_;
};

TEST_F(PodmanDialectTest, AListIsTwoListsAndAsksForPausedOnes) {
  const auto readings = list();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_TRUE(readings[0].settled);
  EXPECT_EQ(readings[0].instance->key.backend, "podman");
  EXPECT_THAT(server_.requests, ElementsAre("/_ping", "/v1.41/containers/json?all=1",
                                            "/v4.3.1/libpod/containers/json?all=true"));
}

TEST_F(PodmanDialectTest, AReadingWaitsForNoLockAndAsksForTheTouchedAlone) {
  const auto session = connect();
  auto read = test::run(io_, session->read({{.id = "a", .mark = RunMark::ended}}));
  ASSERT_TRUE(read);
  EXPECT_THAT(server_.requests,
              ElementsAre("/_ping", StartsWith("/v1.41/containers/json?all=1&filters="),
                          StartsWith("/v4.3.1/libpod/containers/json?all=true&filters=")));
}

TEST_F(PodmanDialectTest, InfraContainersAreHiddenUnlessAllIsAsked) {
  const std::string infra = R"(,"Pod":"p","PodName":"shop","IsInfra":true)";
  own_ = http_answer("[" + own_item("a", infra) + "]");
  EXPECT_THAT(list(), IsEmpty());
  driver_.reset();
  options_.include_stopped = true;
  const auto readings = list();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].instance->group, "shop");
}

TEST_F(PodmanDialectTest, WhoseNetworkItIsIsInspectedOnce) {
  own_ = http_answer(R"([{"Id":"a","Networks":[]}])");
  EXPECT_EQ(list().at(0).instance->network_mode, NetworkMode::host);
  EXPECT_EQ(list().at(0).instance->network_mode, NetworkMode::host);
  EXPECT_EQ(std::ranges::count(server_.requests, "/v1.41/containers/a/json"), 1);
}

TEST_F(PodmanDialectTest, OneThatJoinsAPodOfTheHostsNetworkUsesTheHosts) {
  list_ = http_answer("[" + item("a") + "," + item("o") + "]");
  own_ = http_answer(R"([{"Id":"a","Networks":[]},{"Id":"o","Networks":["podman"]}])");
  inspect_ = http_answer(R"({"HostConfig":{"NetworkMode":"container:o"}})");
  const auto readings = list();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].instance->network_mode, NetworkMode::joined);
  EXPECT_EQ(readings[0].instance->network_owner, "o");
}

TEST_F(PodmanDialectTest, WhatCannotBeInspectedNowIsLookedAtAgain) {
  own_ = http_answer(R"([{"Id":"a","Networks":[]}])");
  inspect_ = http_answer(R"({"message":"no such container"})", 404);
  EXPECT_FALSE(list().at(0).settled);
}

TEST_F(PodmanDialectTest, OneThatItsOwnListDoesNotTellYetIsLookedAtAgain) {
  own_ = http_answer("[]");
  EXPECT_FALSE(list().at(0).settled);
}

TEST_F(PodmanDialectTest, WithoutItsOwnListTheOtherIsToldAndThatIsSaidOnce) {
  own_ = http_answer("forbidden", 403);
  EXPECT_TRUE(list().at(0).settled);
  EXPECT_EQ(list().size(), 1U);
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("Podman's own list is refused")));
}

TEST_F(PodmanDialectTest, AnOwnListThatFailsIsAnError) {
  own_ = http_answer(R"({"cause":"x","message":"database is locked","response":500})", 500);
  auto listed = test::run(io_, connect()->list());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(listed.error().what, HasSubstr("database is locked"));
}

TEST_F(PodmanDialectTest, PollingHoldsNoStreamAndListsAsOftenAsItIsTold) {
  options_.podman_poll = 3s;
  const auto session = connect(Purpose::watch);
  EXPECT_THAT(server_.requests, ElementsAre("/_ping"));
  EXPECT_THAT(logged_, IsEmpty()) << "it is what the user wants";
  std::optional<Result<Change>> change;
  boost::asio::co_spawn(io_, session->next(), [&](const std::exception_ptr&, Result<Change> c) {
    change = std::move(c);
  });
  env_->advance(2s);
  EXPECT_FALSE(change);
  env_->advance(1s);
  ASSERT_TRUE(change && change->has_value());
  EXPECT_TRUE(std::holds_alternative<ResyncNeeded>(**change));
  EXPECT_TRUE(test::run(io_, session->probe()));
  EXPECT_THAT(server_.requests, ElementsAre("/_ping")) << "an idle service is left to sleep";
}

// The recorded events, an event a line.
std::vector<std::string> recorded(const std::string& version) {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/src/backends/podman/testdata/" + version +
                     "/events.jsonl");
  std::vector<std::string> lines;
  for (std::string json; std::getline(file, json);) lines.push_back(json);
  EXPECT_GT(lines.size(), 20U) << version;
  return lines;
}

docker_api::DecodedEvent decode(std::string json) {
  docker_api::EventDecoder decoder;
  const std::size_t size = json.size();
  json.append(64, ' ');
  auto event = decoder.decode(std::string_view(json).substr(0, size));
  EXPECT_TRUE(event) << json;
  return event ? *event : docker_api::DecodedEvent{};
}

TEST(PodmanEvents, OfEachVersionAreKnown) {
  for (const std::string version : {"4.3", "5.4"}) {
    for (const std::string& line : recorded(version)) {
      const auto event = decode(line);
      EXPECT_FALSE(event.unknown_action) << version << line;
      EXPECT_GT(event.at, Timestamp{}) << version << line;
      if (event.change) EXPECT_FALSE(std::holds_alternative<ResyncNeeded>(*event.change)) << line;
    }
  }
}

TEST(PodmanEvents, TheFilterLetsThroughWhatIsNotNothingAndNoExec) {
  const auto dialect = make_dialect({}, {});
  const auto filters = boost::json::parse(dialect->traits().event_filters);
  const auto words = boost::json::value_to<std::vector<std::string>>(filters.at("event"));
  for (const std::string version : {"4.3", "5.4"}) {
    for (const std::string& line : recorded(version)) {
      if (!decode(line).change) continue;
      const auto action = boost::json::value_to<std::string>(boost::json::parse(line).at("Action"));
      // It tells as "die" what 4.3 filters as "died".
      EXPECT_EQ(std::ranges::count(words, action == "die" ? "died" : action), 1) << action;
    }
  }
  for (const std::string& word : words) EXPECT_FALSE(word.starts_with("exec")) << word;
}

TEST(PodmanEvents, ANetworkEventConcernsTheContainerWhetherItNamesTheNetworkOrNot) {
  std::size_t seen = 0;
  for (const std::string version : {"4.3", "5.4"}) {
    for (const std::string& line : recorded(version)) {
      const auto json = boost::json::parse(line);
      if (json.at("Type") != "network" || json.at("Action") == "create") continue;
      if (json.at("Action") == "remove") continue;
      const auto event = decode(line);
      ASSERT_TRUE(event.change) << line;
      EXPECT_EQ(std::get<Touched>(*event.change).id, json.at("Actor").at("ID").as_string());
      ++seen;
    }
  }
  EXPECT_GE(seen, 4U);
}

}  // namespace
}  // namespace rollcall::podman
