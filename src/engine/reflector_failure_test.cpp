// Any exception of a driver is an outage with a reason, and recovers.

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"
#include "engine/reflector.hpp"
#include "support/reflector_fixture.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::make_instance;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Thrown : std::uint8_t { bad_alloc, runtime_error, something };

void throw_it(Thrown what) {
  switch (what) {
    case Thrown::bad_alloc:
      throw std::bad_alloc();
    case Thrown::runtime_error:
      throw std::runtime_error("what nobody expected");
    case Thrown::something:
      throw 42;  // NOLINT(hicpp-exception-baseclass): anything can be thrown
  }
}

class ReflectorFailureTest : public test::ReflectorTest {
 protected:
  void SetUp() override {
    make_reflector({.on_transition = [this](const Transition& transition) {
      if (transition.error != nullptr) reasons_.push_back(transition.error->describe());
    }});
  }

  /// Makes the next call of this name throw, once.
  void throw_at(std::string call, Thrown what) {
    engine_.on_call = [this, call = std::move(call), what](std::string_view now) {
      if (now != call) return;
      const Thrown thrown = what;  // this handler ends with the next line
      engine_.on_call = {};
      throw_it(thrown);
    };
  }

  std::vector<std::string> reasons_;
};

class EveryCall : public ReflectorFailureTest,
                  public testing::WithParamInterface<std::tuple<const char*, Thrown>> {};

TEST_P(EveryCall, ThrowingIsAnOutageThatHeals) {
  const auto& [call, what] = GetParam();
  const std::string name = call;
  engine_.put(make_instance("1", "a"));
  const bool at_first = name == "connect" || name == "list";
  if (at_first) throw_at(name, what);
  watch();
  if (at_first) {
    EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
    env_->advance(5s);
    EXPECT_THAT(events(), ElementsAre("started a initial", "backend_reconnected"));
  } else {
    EXPECT_THAT(events(), ElementsAre("started a initial"));
    throw_at(name, what);
    engine_.wake_stream();
    engine_.touch("1", RunMark::changed);
    if (name == "probe") env_->advance(30s);
    EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
    env_->advance(5s);
    EXPECT_THAT(events(), ElementsAre("backend_reconnected"));
  }
  ASSERT_FALSE(reasons_.empty());
  const char* reason = what == Thrown::bad_alloc ? "not enough memory" : "could not be handled";
  EXPECT_THAT(reasons_.front(), HasSubstr(reason));
  EXPECT_FALSE(ended_.has_value());
  engine_.put(make_instance("2", "b"));
  engine_.touch("2", RunMark::began);
  EXPECT_THAT(events(), ElementsAre("started b live"));
  cancel_and_expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(
    Table, EveryCall,
    testing::Combine(testing::Values("connect", "list", "next", "read", "probe"),
                     testing::Values(Thrown::bad_alloc, Thrown::runtime_error, Thrown::something)));

TEST_F(ReflectorFailureTest, OneThatThrowsAgainAndAgainIsAskedMoreAndMoreSeldom) {
  engine_.on_call = [](std::string_view call) {
    if (call == "list") throw std::bad_alloc();
  };
  watch();
  env_->advance(60s);
  EXPECT_LE(engine_.connects, 200);
  EXPECT_GE(engine_.connects, 20);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  engine_.on_call = {};
  engine_.put(make_instance("1", "a"));
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("started a initial", "backend_reconnected"));
  EXPECT_TRUE(channel_->receiver.synced());
}

TEST_F(ReflectorFailureTest, AListAloneThatThrowsIsAnError) {
  throw_at("list", Thrown::bad_alloc);
  const auto failed = list();
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().what, HasSubstr("not enough memory"));
  EXPECT_TRUE(list().has_value());
}

/// A list with several differences of each kind, whose delivery fails at the event of a given
/// number.
class HalfToldList : public ReflectorFailureTest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    make_reflector({.before_sending = [this](const RuntimeEvent&) {
      if (left_ > 0 && --left_ == 0) throw std::bad_alloc();
    }});
    engine_.resync_period = 0s;
  }

  void put_all(std::initializer_list<const char*> names, const std::string& suffix) {
    for (const std::string name : names) engine_.put(make_instance(name, name + suffix));
  }
  void expect_told_is_what_runs() {
    events();
    std::map<std::string, std::string> told;
    for (const InstancePtr& it : inventory_.list()) told[it->key.id] = it->name;
    std::map<std::string, std::string> runs;
    for (const auto& [id, it] : engine_.world) runs[id] = it->name;
    EXPECT_EQ(told, runs);
  }

  int left_ = 0;  // events until one cannot be sent; 0: all can be
};

TEST_P(HalfToldList, WhatWasToldIsKnownAndTheRestIsToldAfterTheHealing) {
  put_all({"a", "b", "c", "d"}, "");
  left_ = GetParam();
  watch();
  if (left_ > 0) left_ = 0;  // the list had fewer events
  env_->advance(5s);
  expect_told_is_what_runs();
  // Another list: two end, two change, two begin.
  engine_.remove("a");
  engine_.remove("b");
  put_all({"c", "d"}, "2");
  put_all({"e", "f"}, "");
  left_ = GetParam();
  engine_.signal(ResyncNeeded{"doubt"});
  settle();
  left_ = 0;
  env_->advance(5s);
  expect_told_is_what_runs();
  EXPECT_TRUE(channel_->receiver.synced());
  EXPECT_FALSE(ended_.has_value());
  cancel_and_expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(AtEachEvent, HalfToldList, testing::Range(1, 8));

TEST_F(ReflectorFailureTest, WhatWasHalfToldIsToldOnce) {
  int left = 2;
  make_reflector({.before_sending = [&left](const RuntimeEvent&) {
    if (left > 0 && --left == 0) throw std::bad_alloc();
  }});
  for (const char* name : {"a", "b", "c"}) engine_.put(make_instance(name, name));
  watch();
  EXPECT_THAT(events(), ElementsAre("started a initial", "backend_disconnected"));
  env_->advance(5s);
  EXPECT_THAT(events(),
              ElementsAre("started b initial", "started c initial", "backend_reconnected"));
}

TEST_F(ReflectorFailureTest, ChangesThatWaitForAListAreBoundedAndInTheNextOne) {
  engine_.resync_period = 0s;
  engine_.hold_lists();
  watch();
  engine_.release_lists();
  Instance large;
  const std::string padding(1U << 20U, 'x');
  large.labels = Labels({{"padding", padding}});
  for (int i = 0; i < 70; ++i) {
    large.key.id = large.name = "i" + std::to_string(i);
    large.state = InstanceState::running;
    engine_.put(std::make_shared<const Instance>(large));
    engine_.signal(Upsert{engine_.world.at(large.key.id)});
  }
  EXPECT_EQ(events().size(), 70U);
  EXPECT_EQ(engine_.lists, 2);
}

TEST_F(ReflectorFailureTest, AListThatNeverEndsIsGivenUp) {
  engine_.hold_lists();
  watch();
  env_->advance(budget::list_limit - 1s);
  EXPECT_THAT(events(), IsEmpty());
  env_->advance(20s);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  EXPECT_THAT(reasons_.front(), HasSubstr("the list has not come to an end within 600 s"));
  engine_.release_lists();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("backend_reconnected"));
}

TEST_F(ReflectorFailureTest, AReadingThatNeverEndsIsGivenUp) {
  engine_.resync_period = 0s;
  watch();
  engine_.hold_reads();
  engine_.put(make_instance("1", "a"));
  engine_.touch("1", RunMark::began);
  env_->advance(budget::list_limit + 20s);
  EXPECT_THAT(reasons_.front(), HasSubstr("a reading has not come to an end within 600 s"));
  engine_.release_reads();
  env_->advance(3s);
  // An outage that was not reported leaves only its differences.
  EXPECT_THAT(events(), ElementsAre("started a resync"));
}

TEST_F(ReflectorFailureTest, MoreSignalsThanCanBeReadAreAFailure) {
  watch();
  engine_.hold_reads();
  const std::string long_id(1U << 20U, 'x');
  for (int i = 0; i < 70; ++i) engine_.touch(long_id + std::to_string(i), RunMark::began);
  EXPECT_THAT(events(), ElementsAre("backend_disconnected"));
  EXPECT_THAT(reasons_.front(), HasSubstr("signals more instances than can be read"));
  engine_.release_reads();
  env_->advance(3s);
  EXPECT_THAT(events(), ElementsAre("backend_reconnected"));
}

}  // namespace
}  // namespace rollcall
