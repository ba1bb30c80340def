// What a merged watch does when its consumer fails.
#include "engine/merged_watch.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.hpp"
#include "support/reflector_fixture.hpp"
#include "support/virtual_env.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::FakeEngine;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class Consumer final : public MergedConsumer {
 public:
  boost::asio::awaitable<void> take(std::vector<MergedEvent> events) override {
    for (const MergedEvent& merged : events) {
      if (at_event) at_event(merged);
      told.push_back(test::describe(merged.event));
    }
    co_return;
  }
  void advanced() override { ++advances; }
  void failed(SourceId source, const RuntimeError& error) override {
    failures[source] = error.describe();
  }

  std::function<void(const MergedEvent&)> at_event;  // whatever this throws, take() throws
  std::vector<std::string> told;
  std::map<SourceId, std::string> failures;
  int advances = 0;
};

class MergedWatchTest : public testing::Test {
 protected:
  MergedWatchTest() {
    a_.endpoint = "a";
    b_.endpoint = "b";
    put(a_, "web");
    put(b_, "db");
  }
  ~MergedWatchTest() override {
    bool stopped = false;
    boost::asio::co_spawn(io_, watch_.stop(), [&](const std::exception_ptr& thrown) {
      EXPECT_EQ(thrown, nullptr);
      stopped = true;
    });
    settle();
    EXPECT_TRUE(stopped);
    io_.restart();
    EXPECT_EQ(io_.poll(), 0U);
    EXPECT_TRUE(io_.stopped()) << "something is left on the executor";
  }

  static void put(FakeEngine& engine, const std::string& name) {
    Instance made = *test::make_instance(name, name);
    made.key.backend = engine.name;
    made.key.endpoint = engine.endpoint;
    engine.put(std::make_shared<const Instance>(made));
    engine.touch(name, RunMark::began);
  }

  SourceId add(FakeEngine& engine) {
    SourceSpec spec{.kind = RuntimeBackendKind::docker, .endpoint = engine.endpoint};
    spec.make = [this, &engine](const SourceHooks&) -> Result<std::unique_ptr<RuntimeBackend>> {
      return std::unique_ptr<RuntimeBackend>(std::make_unique<Reflector>(
          engine.driver(), io_.get_executor(), env_, ReflectorOptions{}));
    };
    return watch_.add(std::move(spec)).value();
  }

  void throw_at_events_of(SourceId source, int times) {
    consumer_.at_event = [source, left = times](const MergedEvent& merged) mutable {
      if (merged.source == source && left-- > 0) throw std::bad_alloc();
    };
  }

  void settle() { env_->advance(Duration::zero()); }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  FakeEngine a_{io_, env_};
  FakeEngine b_{io_, env_};
  Consumer consumer_;
  MergedWatch watch_{io_.get_executor(), env_, consumer_, {.grace = 60s}};
};

TEST_F(MergedWatchTest, ASourceWhoseFirstListCannotBeToldHasFailed) {
  const SourceId a = add(a_);
  throw_at_events_of(a, 1);
  add(b_);
  settle();
  EXPECT_THAT(consumer_.failures, ElementsAre(Pair(a, HasSubstr("not enough memory"))));
  EXPECT_THAT(consumer_.told, Contains("started db initial")) << "it delays no other";
  EXPECT_TRUE(watch_.settled());
}

TEST_F(MergedWatchTest, ASourceOfWhichAChangeCannotBeToldHasFailed) {
  const SourceId a = add(a_);
  add(b_);
  settle();
  throw_at_events_of(a, 1);
  put(a_, "more");
  settle();
  EXPECT_THAT(consumer_.failures, ElementsAre(Pair(a, HasSubstr("not enough memory"))));
  EXPECT_EQ(consumer_.told.back(), "backend_disconnected") << "what it told stays, as of then";
  put(b_, "late");
  settle();
  EXPECT_EQ(consumer_.told.back(), "started late live");
}

TEST_F(MergedWatchTest, ThatItHasFailedIsToldThoughItsLossCannotBe) {
  const SourceId a = add(a_);
  settle();
  throw_at_events_of(a, 2);
  put(a_, "more");
  settle();
  EXPECT_THAT(consumer_.failures, ElementsAre(Pair(a, HasSubstr("not enough memory"))));
}

TEST_F(MergedWatchTest, WhatTimeBringsIsTriedAgain) {
  const SourceId a = add(a_);
  settle();
  a_.connect_error = test::unavailable("dead");
  a_.break_stream(test::unavailable("cut"));
  settle();
  throw_at_events_of(a, 1);
  env_->advance(70s);
  EXPECT_THAT(consumer_.failures, IsEmpty());
  EXPECT_GT(consumer_.advances, 0) << "the grace was over, and nothing more was done about it";
}

}  // namespace
}  // namespace rollcall
