// What the driver asks of Podman, and its recorded events.
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
#include <rollcall/options/podman.hpp>

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
  return fmt::format(R"({{"Id":"{}","Networks":["podman"],"ExposedPorts":null{}}})", id, fields);
}

class PodmanDialectTest : public testing::Test {
 protected:
  std::string answer(const std::string& target) {
    if (target == "/_ping") return http_answer("OK", 200, podman);
    if (target.contains("/events")) return events_;
    const bool of_sick = target.contains(sick_);
    const bool of_all = !target.contains("filters=");
    if (target.contains("/libpod/")) {
      return !sick_.empty() && own_fails_ && (of_all || of_sick) ? failure_ : own_;
    }
    if (!target.contains("/containers/json")) return inspect_;
    if (sick_.empty() || own_fails_) return list_;
    return of_all || of_sick ? failure_ : list_;
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

  /// Its id stands in no other; one of the lists fails where it is asked for.
  std::string sick_;
  bool own_fails_ = false;
  std::string failure_ = http_answer(R"({"message":"network inspection mismatch"})", 500);
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

TEST_F(PodmanDialectTest, AnOwnListThatFailsIsAProblemOfThoseThatItFailsOver) {
  own_ = http_answer(R"({"cause":"x","message":"database is locked","response":500})", 500);
  const auto readings = list();
  ASSERT_EQ(readings.size(), 1U);
  ASSERT_EQ(readings[0].instance->problems.size(), 1U);
  EXPECT_THAT(readings[0].instance->problems[0].what, HasSubstr("database is locked"));
  EXPECT_FALSE(readings[0].settled);
}

TEST_F(PodmanDialectTest, AnOwnListThatIsAwayIsAnError) {
  own_ = http_answer("bad gateway", 502);
  auto listed = test::run(io_, connect()->list());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::unavailable);
}

class PodmanSick : public PodmanDialectTest {
 protected:
  PodmanSick() {
    sick_ = "sick";
    list_ = http_answer("[" + item("well") + "]");
    own_ = http_answer(
        "[" + own_item("well", "") + "," +
        own_item("sick", R"(,"Names":["poorly"],"State":"paused","Image":"i","Labels":{"k":"v"})") +
        "]");
  }

  static InstancePtr named(const std::vector<Reading>& readings, const std::string& id) {
    const auto at = std::ranges::find_if(
        readings, [&id](const Reading& it) { return it.instance->key.id == id; });
    return at == readings.end() ? nullptr : at->instance;
  }

  void expect_told(const InstancePtr& sick) {
    ASSERT_NE(sick, nullptr);
    EXPECT_EQ(sick->name, "poorly");
    EXPECT_EQ(sick->state, InstanceState::paused);
    EXPECT_EQ(sick->image, "i");
    EXPECT_EQ(sick->labels.find("k"), "v");
    EXPECT_EQ(sick->key.backend, "podman");
    EXPECT_EQ(sick->key.endpoint, server_.url());
    EXPECT_GT(sick->discovered_at, Timestamp{});
    ASSERT_EQ(sick->problems.size(), 1U);
    EXPECT_THAT(sick->problems[0].what, HasSubstr("network inspection mismatch"));
  }
};

TEST_F(PodmanSick, OneThatDockersListFailsOverHidesNoOther) {
  for (int list_no = 0; list_no < 2; ++list_no) {
    const auto readings = list();
    ASSERT_EQ(readings.size(), 2U);
    expect_told(named(readings, "sick"));
    EXPECT_THAT(named(readings, "well")->problems, IsEmpty());
  }
  sick_.clear();
  list_ = http_answer("[" + item("well") + "," + item("sick") + "]");
  EXPECT_THAT(named(list(), "sick")->problems, IsEmpty()) << "it is well again";
}

TEST_F(PodmanSick, OneIsReadAloneAsItIsListed) {
  const auto session = connect();
  auto read = test::run(io_, session->read({{.id = "sick", .mark = RunMark::changed}}));
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->readings.size(), 1U);
  expect_told(read->readings[0].instance);
  EXPECT_FALSE(read->readings[0].settled) << "it is looked at again";
}

TEST_F(PodmanSick, OneThatIsInNoListIsAbsent) {
  own_ = http_answer("[" + own_item("well", "") + "]");
  const auto session = connect();
  auto read = test::run(io_, session->read({{.id = "sick", .mark = RunMark::changed}}));
  ASSERT_TRUE(read) << read.error();
  EXPECT_THAT(read->readings, IsEmpty());
}

TEST_F(PodmanSick, OneThatPodmansOwnListFailsOverIsToldByDockers) {
  own_fails_ = true;
  list_ = http_answer("[" + item("well") + "," + item("sick") + "]");
  own_ = http_answer("[" + own_item("well", R"(,"PodName":"shop")") + "]");
  const auto readings = list();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(named(readings, "well")->group, "shop");
  const auto sick = named(readings, "sick");
  ASSERT_EQ(sick->problems.size(), 1U);
  EXPECT_THAT(sick->problems[0].what, HasSubstr("Podman's own list fails over it"));
}

TEST_F(PodmanSick, WithoutTheOwnListTheFailureIsOfAll) {
  for (const unsigned status : {403U, 500U}) {
    own_ = http_answer("no", status);
    auto listed = test::run(io_, connect()->list());
    ASSERT_FALSE(listed) << status;
    EXPECT_THAT(listed.error().what, HasSubstr("network inspection mismatch")) << status;
  }
}

TEST_F(PodmanDialectTest, Before5WhatIsExposedIsInspectedOnce) {
  own_ = http_answer(R"([{"Id":"a","Networks":["podman"]}])");
  inspect_ = http_answer(
      R"({"HostConfig":{"NetworkMode":"bridge"},"Config":{"ExposedPorts":{"81/tcp":{}}}})");
  for (int list_no = 0; list_no < 2; ++list_no) {
    const auto readings = list();
    ASSERT_EQ(readings.at(0).instance->ports.size(), 1U);
    EXPECT_EQ(readings.at(0).instance->ports[0].container_port, 81);
    EXPECT_EQ(readings.at(0).instance->ports[0].scope, PortScope::internal);
  }
  EXPECT_EQ(std::ranges::count(server_.requests, "/v1.41/containers/a/json"), 1);
}

TEST_F(PodmanDialectTest, WhatIsExposedMayBeHiddenByAProxy) {
  own_ = http_answer(R"([{"Id":"a","Networks":["podman"]}])");
  inspect_ = http_answer("forbidden", 403);
  EXPECT_TRUE(list().at(0).settled) << "it is asked again with the next list";
}

TEST_F(PodmanDialectTest, PollingHoldsNoStreamAndListsAsOftenAsItIsTold) {
  options_.of<PodmanOptions>().poll = 3s;
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
      // 4.3 filters "died" but sends "die".
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
