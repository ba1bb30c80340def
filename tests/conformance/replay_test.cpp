// One exchange with an engine, replayed with a failure at every one of its steps; and its answers
// cut at random places.
#include <memory>
#include <random>
#include <string>

#include <fmt/format.h>

#include "conformance/conformance.hpp"
#include "support/faulty_stream.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using test::FaultPlan;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Failure = FaultPlan::Failure;

class Replay : public ScriptedConformance {
 protected:
  /// Starts an engine with two running instances, whose connections fail as planned.
  void begin(std::optional<std::size_t> fail_at, Failure failure) {
    begin_again();
    plan_ = std::make_shared<FaultPlan>(FaultPlan{.fail_at = fail_at, .failure = failure});
    script().wrap = [plan = plan_](Connector connect) {
      return test::faulty(std::move(connect), plan);
    };
    one_ = engine().run("one");
    engine().run("two");
    script().pass(5s);  // Events before the watch are long over.
  }

  /// Everything that a watch does: connecting, the list, live changes of each kind, a probe, a
  /// resync.
  void exchange() {
    watch();
    pass(200ms);
    engine().restart(one_);
    pass(200ms);
    engine().pause(engine().run("three"));
    pass(200ms);
    engine().remove(one_);
    pass(31s);
    script().signal_doubt();
    pass(5s);
    expect_agreement();
  }

  std::shared_ptr<FaultPlan> plan_;

 private:
  std::string one_;
};

TEST_P(Replay, OfAWatchHealsWhateverStepFails) {
  begin({}, Failure::error);
  exchange();
  const std::size_t steps = plan_->steps;
  EXPECT_GT(steps, 20U);
  for (const Failure failure : {Failure::error, Failure::end, Failure::timeout}) {
    for (std::size_t step = 0; step < steps; ++step) {
      SCOPED_TRACE(
          fmt::format("step {} of {}, failure {}", step, steps, static_cast<int>(failure)));
      begin(step, failure);
      exchange();
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_P(Replay, OfAListIsCompleteOrAPreciseErrorWhateverStepFails) {
  begin({}, Failure::error);
  ASSERT_TRUE(list().has_value());
  const std::size_t steps = plan_->steps;
  for (const Failure failure : {Failure::error, Failure::end, Failure::timeout}) {
    for (std::size_t step = 0; step < steps; ++step) {
      begin(step, failure);
      const auto listed = list();
      if (listed) {
        EXPECT_THAT(*listed, SizeIs(2)) << step;
      } else {
        EXPECT_EQ(listed.error().kind, ErrorKind::unavailable) << step;
        EXPECT_EQ(listed.error().fault,
                  failure == Failure::timeout ? ConnectFault::mute : ConnectFault::unreachable);
        EXPECT_THAT(listed.error().endpoint, Not(IsEmpty()));
        EXPECT_THAT(listed.error().what, Not(IsEmpty()));
      }
      const auto again = list();
      ASSERT_TRUE(again.has_value());
      EXPECT_THAT(*again, SizeIs(2));
    }
  }
}

TEST_P(Replay, IsTheSameWhereverItsAnswersAreCut) {
  std::mt19937 random(2026);
  std::uniform_int_distribution<std::size_t> place(1, 1500);
  for (int round = 0; round < 20; ++round) {
    begin({}, Failure::error);
    test::Fault fault{.verb = test::Fault::Verb::parts};
    for (int i = 0; i < 20; ++i) fault.places.push_back(place(random));
    inject(fault);
    exchange();
    EXPECT_EQ(fold().count("backend_disconnected"), 0U) << "round " << round;
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Replay);  // if a real engine is chosen
INSTANTIATE_TEST_SUITE_P(Each, Replay, testing::ValuesIn(chosen_scripted()), name_of);

}  // namespace
}  // namespace rollcall::conformance
