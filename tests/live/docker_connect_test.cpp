// connect() against real sockets: each failure and its exact error; and the end of a watch without
// events.
#include <chrono>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dockerd.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void expect_fault(const std::string& endpoint, ConnectFault fault) {
  WatchFold backend(endpoint);
  const auto connected = backend.connect();
  ASSERT_FALSE(connected.has_value());
  const auto& error = connected.error();
  EXPECT_EQ(error.fault, fault) << error.describe();
  EXPECT_EQ(error.endpoint, endpoint);
  EXPECT_THAT(error.remedy, Not(IsEmpty())) << error.describe();
  EXPECT_THAT(error.describe(), HasSubstr(endpoint));
  const auto list = backend.list();
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().fault, fault) << list.error().describe();
}

TEST(DockerConnect, succeeds_twice) {
  const Dockerd engine;
  WatchFold backend(engine.endpoint());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto connected = backend.connect();
    EXPECT_TRUE(connected.has_value()) << connected.error().describe();
  }
}

TEST(DockerConnect, says_that_the_socket_is_missing) {
  const Dockerd engine({.start = false});
  expect_fault(engine.endpoint(), ConnectFault::missing);
}

TEST(DockerConnect, says_that_nobody_listens) {
  Dockerd engine;
  engine.kill9();
  ASSERT_TRUE(std::filesystem::exists(engine.socket()));
  expect_fault(engine.endpoint(), ConnectFault::refused);
}

TEST(DockerConnect, says_that_the_engine_is_mute) {
  Dockerd engine;
  engine.freeze();
  expect_fault(engine.endpoint(), ConnectFault::mute);
}

TEST(DockerConnect, says_that_it_is_another_api) {
  const Dockerd engine;
  const auto folder = std::filesystem::path(engine.socket()).parent_path();
  expect_fault("unix://" + (folder / "exec/containerd/containerd.sock").string(),
               ConnectFault::not_this_api);
}

TEST(DockerCancel, ends_a_watch_within_a_second_at_any_time) {
  Dockerd engine;
  const auto expect_end = [&] {
    WatchFold watched(engine.endpoint());
    watched.watch();
    watched.wait_until([&](const CheckedFold& fold) { return fold.disconnected(); }, 1s);
    const auto ended = watched.cancel(1s);
    ASSERT_TRUE(ended.has_value());
    EXPECT_TRUE(ended->has_value()) << ended->error().describe();
  };
  expect_end();  // Nothing happens.
  engine.freeze();
  expect_end();  // It awaits an answer.
  engine.thaw();
  engine.kill9();
  expect_end();  // It backs off.
}

TEST(DockerWatch, is_one_at_a_time) {
  const Dockerd engine;
  WatchFold watched(engine.endpoint());
  watched.watch();
  ASSERT_TRUE(watched.wait_synced());
  const auto second = watched.watch_again();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
}

}  // namespace
}  // namespace rollcall::support
