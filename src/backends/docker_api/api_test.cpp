#include "backends/docker_api/api.hpp"

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

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

/// As slow as names, addresses and handshakes may be together.
Task<StreamPtr> connect_slowly() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return StreamPtr();
}

TEST(Ping, HasOneDeadlineForAllItsSteps) {
  boost::asio::io_context io;
  const Wire wire{.connect = [](Milliseconds) { return connect_slowly(); },
                  .deadlines = {.quiet_probe = 20ms}};
  Api api(*parse_endpoint("tcp://127.0.0.1:1", 0), std::make_shared<test::VirtualEnv>(io), wire);
  const auto answer = test::run(io, api.ping());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ConnectFault::mute);
  EXPECT_EQ(answer.error().what, "no answer within 0.02 s");
}

}  // namespace
}  // namespace rollcall::docker_api
