// A reflector on an engine in memory, in virtual time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <rollcall/inventory.hpp>

#include "engine/reflector.hpp"
#include "support/fake_engine.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::test {

/// "started web live", "stopped web resync", "backend_disconnected".
inline std::string describe(const RuntimeEvent& event) {
  std::string text(type_of(event));
  if (const auto* stopped = std::get_if<Stopped>(&event)) {
    return text + " " + stopped->name + " " + std::string(to_string(stopped->cause));
  }
  const auto* started = std::get_if<Started>(&event);
  const auto* updated = std::get_if<Updated>(&event);
  if (started != nullptr || updated != nullptr) {
    const InstancePtr& instance = started != nullptr ? started->instance : updated->instance;
    const Cause cause = started != nullptr ? started->cause : updated->cause;
    return text + " " + instance->name + " " + std::string(to_string(cause));
  }
  return text;
}

class ReflectorTest : public testing::Test {
 protected:
  void SetUp() override { make_reflector({}); }

  void TearDown() override {
    stop_.request_stop();
    settle();
  }

  void make_reflector(ReflectorOptions options) {
    reflector_ = std::make_unique<Reflector>(engine_.driver(), io_.get_executor(), env_, options);
  }

  void watch() {
    channel_.emplace(make_event_channel(io_.get_executor()));
    stop_ = {};
    ended_.reset();
    boost::asio::co_spawn(io_, reflector_->watch(std::move(channel_->sender), stop_.get_token()),
                          [this](const std::exception_ptr& thrown, Result<void> result) {
                            ASSERT_EQ(thrown, nullptr);
                            ended_ = std::move(result);
                          });
    settle();
  }

  void settle() { env_->advance(Duration::zero()); }

  std::vector<std::string> events() {
    settle();
    std::vector<std::string> all;
    while (auto event = channel_->receiver.try_receive()) {
      inventory_.apply(*event);
      all.push_back(describe(*event));
    }
    return all;
  }

  Result<std::vector<InstancePtr>> list() {
    std::optional<Result<std::vector<InstancePtr>>> listed;
    boost::asio::co_spawn(
        io_, reflector_->list_instances(),
        [&](const std::exception_ptr&, auto result) { listed = std::move(result); });
    settle();
    return *listed;
  }

  void cancel_and_expect_nothing_left() {
    stop_.request_stop();
    settle();
    ASSERT_TRUE(ended_.has_value());
    EXPECT_TRUE(ended_->has_value());
    io_.restart();
    EXPECT_EQ(io_.poll(), 0U);
    EXPECT_TRUE(io_.stopped()) << "something is left on the executor";
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  test::FakeEngine engine_{io_, env_};
  std::unique_ptr<Reflector> reflector_;
  std::optional<EventChannel> channel_;
  std::stop_source stop_;
  std::optional<Result<void>> ended_;
  Inventory inventory_;
};

}  // namespace rollcall::test
