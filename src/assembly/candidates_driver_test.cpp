#include "assembly/candidates_driver.hpp"

#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <rollcall/config.hpp>

#include "assembly/engine_choice.hpp"
#include "support/http_server.hpp"
#include "support/run.hpp"
#include "support/virtual_env.hpp"

namespace rollcall {
namespace {

const std::string docker = "Server: Docker/28.5.2 (linux)\r\nApi-Version: 1.51\r\n";
const std::string podman =
    "Server: Libpod/4.3.1 (linux)\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n";

class TwinsTest : public testing::Test {
 protected:
  std::unique_ptr<Driver> driver(RuntimeBackendKind kind) {
    return driver_at(kind, {server_.url(), "test"}, {}, io_.get_executor(), env_);
  }

  boost::asio::io_context io_;
  EnvPtr env_ = std::make_shared<test::VirtualEnv>(io_);
  std::string hello_ = docker;
  unsigned status_ = 200;
  test::HttpServer server_{
      io_, [this](const std::string&) { return test::http_answer("OK", status_, hello_); }};
};

TEST_F(TwinsTest, WhoAnswersIsWhoItIs) {
  for (const auto asked : {RuntimeBackendKind::docker, RuntimeBackendKind::podman}) {
    const auto at_place = driver(asked);
    EXPECT_EQ(at_place->name(), to_string(asked)) << "until something has answered";
    hello_ = podman;
    ASSERT_TRUE(test::run(io_, at_place->connect(Purpose::list)));
    EXPECT_EQ(at_place->name(), "podman");
    hello_ = docker;
    ASSERT_TRUE(test::run(io_, at_place->connect(Purpose::list)));
    EXPECT_EQ(at_place->name(), "docker") << "the one took the place of the other";
  }
}

TEST_F(TwinsTest, WhoAnsweredIsAskedFirst) {
  const auto at_place = driver(RuntimeBackendKind::docker);
  hello_ = podman;
  ASSERT_TRUE(test::run(io_, at_place->connect(Purpose::list)));
  const auto asked = server_.requests.size();
  ASSERT_TRUE(test::run(io_, at_place->connect(Purpose::list)));
  EXPECT_EQ(server_.requests.size(), asked + 1);
}

TEST_F(TwinsTest, WhatIsNeitherIsToldOnce) {
  hello_ = "Server: nginx\r\n";
  const auto refused = test::run(io_, driver(RuntimeBackendKind::docker)->connect(Purpose::list));
  EXPECT_EQ(refused.error().fault, ConnectFault::not_this_api);
  status_ = 500;
  server_.requests.clear();
  ASSERT_FALSE(test::run(io_, driver(RuntimeBackendKind::docker)->connect(Purpose::list)));
  EXPECT_EQ(server_.requests.size(), 1U) << "one that fails is not asked twice";
}

}  // namespace
}  // namespace rollcall
