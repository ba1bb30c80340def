#include "backends/docker_api/api.hpp"

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_server.hpp"
#include "support/run.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::docker_api {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view date = "Sat, 21 Nov 2026 21:42:30 GMT";
const Timestamp told{std::chrono::seconds(1795297350)};

TEST(HttpDate, IsReadAndNothingElseIs) {
  EXPECT_EQ(parse_http_date(date), told);
  EXPECT_FALSE(parse_http_date(""));
  EXPECT_FALSE(parse_http_date("yesterday"));
  EXPECT_FALSE(parse_http_date("Sat, 21 Nov 2026 21:42:30 GMT and more"));
}

TEST(Hello, DockerTellsItsVersions) {
  const auto hello = read_hello("Docker/20.10.24+dfsg1 (linux)", "1.41", "", date, told + 300ms);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->product, "Docker");
  EXPECT_EQ(hello->version, "20.10.24+dfsg1");
  EXPECT_EQ(hello->api_version, "1.41");
  EXPECT_EQ(hello->date, told);
}

TEST(Hello, ADockerSocketThatIsPodmansIsPodman) {
  const auto hello = read_hello("Libpod/4.3.1 (linux)", "1.41", "4.3.1", date, told);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->product, "Podman");
  EXPECT_EQ(hello->libpod_version, "4.3.1");
  EXPECT_EQ(hello->version, "4.3.1");
}

TEST(Hello, WithoutAnApiVersionItIsNoEngine) {
  EXPECT_FALSE(read_hello("nginx/1.22", "", "", date, told));
  EXPECT_FALSE(read_hello("evil", "../..", "", date, told));
}

TEST(Hello, TheEnginesClockIsOursUnlessTheDateSaysOtherwise) {
  EXPECT_EQ(read_hello("", "1.41", "", date, told + 900ms)->clock_ahead, 0s);
  EXPECT_EQ(read_hello("", "1.41", "", date, told + 60s)->clock_ahead, -59500ms);
  EXPECT_EQ(read_hello("", "1.41", "", date, told - 60s)->clock_ahead, 60500ms);
  EXPECT_EQ(read_hello("", "1.41", "", "", told + 5s + 1ns)->date, told + 5s);
}

/// Connects as slowly as resolving, connecting and handshakes together may.
Task<StreamPtr> connect_slowly() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return StreamPtr();
}

TEST(Ping, HasOneDeadlineForAllItsSteps) {
  boost::asio::io_context io;
  const Wire wire{.connect = [](Milliseconds) { return connect_slowly(); },
                  .deadlines = {.quiet_probe = 20ms}};
  Api api(*parse_address("tcp://127.0.0.1:1"), std::make_shared<test::VirtualEnv>(io), wire);
  const auto answer = test::run(io, api.ping());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ConnectFault::mute);
  EXPECT_EQ(answer.error().what, "no answer within 0.02 s");
}

TEST(Versions, AreComparedByTheirNumbers) {
  EXPECT_TRUE(newer_api("1.41", "1.9"));
  EXPECT_TRUE(newer_api("2.0", "1.99"));
  EXPECT_FALSE(newer_api("1.41", "1.41"));
  EXPECT_FALSE(newer_api("1.9", "1.41"));
  EXPECT_TRUE(newer_api("1.24", ""));
  for (const char* version : {"1.24", "1.41", "2.0"})
    EXPECT_TRUE(speaks_version(version)) << version;
  for (const char* none : {"1.23", "", "1", "1.", ".41", "1.41.0", "v1.41", "1.4 1", "1.99999"}) {
    EXPECT_FALSE(speaks_version(none)) << none;
  }
}

/// The requests that an engine receives under given rules.
class RulesOfRequests : public testing::Test {
 protected:
  RulesOfRequests()
      : server_(io_, [](const std::string&) {
          return test::http_answer("[]", 200, "Server: Docker/20.10.24\r\nApi-Version: 1.41\r\n");
        }) {}

  Api api(const char* url, RequestRules rules = {}) {
    const auto env = std::make_shared<test::VirtualEnv>(io_);
    return {*parse_address(url), env, Wire::to(*parse_endpoint(server_.url(), 0)),
            std::move(rules)};
  }
  Result<ListOutcome> list(Api& api) {
    return test::run(io_,
                     api.containers({}, false, [](std::string_view) { return Result<void>(); }));
  }

  boost::asio::io_context io_;
  test::HttpServer server_;
};

TEST_F(RulesOfRequests, APathBehindTheHostComesBeforeAllOthers) {
  Api below = api("tcp://127.0.0.1:1/docker");
  EXPECT_EQ(below.url(), "tcp://127.0.0.1:1/docker");
  ASSERT_TRUE(test::run(io_, below.hello()));
  ASSERT_TRUE(list(below));
  ASSERT_TRUE(test::run(io_, below.ping()));
  EXPECT_THAT(server_.requests,
              testing::ElementsAre("/docker/_ping", "/docker/v1.41/containers/json?all=0",
                                   "/docker/_ping"));
}

TEST_F(RulesOfRequests, HeadersAreSentWithEach) {
  Api with = api("tcp://127.0.0.1:1", {.headers = {{"X-Team", "blue"}}});
  ASSERT_TRUE(test::run(io_, with.hello()));
  ASSERT_TRUE(list(with));
  ASSERT_TRUE(test::run(io_, with.ping()));
  ASSERT_EQ(server_.heads.size(), 3U);
  EXPECT_THAT(server_.heads, testing::Each(testing::HasSubstr("X-Team: blue\r\n")));
}

TEST_F(RulesOfRequests, AVersionIsSpokenIfTheEngineSpeaksIt) {
  Api older = api("tcp://127.0.0.1:1", {.api_version = "1.30"});
  const auto hello = test::run(io_, older.hello());
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->api_version, "1.30");
  ASSERT_TRUE(list(older));
  EXPECT_EQ(server_.requests.back(), "/v1.30/containers/json?all=0");
  Api newer = api("tcp://127.0.0.1:1", {.api_version = "1.42"});
  const auto refused = test::run(io_, newer.hello());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what,
            "DOCKER_API_VERSION asks for version 1.42, and the engine speaks 1.41");
}

}  // namespace
}  // namespace rollcall::docker_api
