#include "core/list_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

using testing::HasSubstr;

TEST(ListBudget, EndsAListOfTooManyItems) {
  ListBudget budget("unix:///run/x.sock");
  for (std::size_t i = 0; i < budget::engine_instances; ++i) ASSERT_TRUE(budget.take_item());
  const auto beyond = budget.take_item();
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::protocol);
  EXPECT_EQ(beyond.error().endpoint, "unix:///run/x.sock");
  EXPECT_THAT(beyond.error().what, HasSubstr("500000 items"));
}

TEST(ListBudget, EndsAListOfTooManyBytes) {
  ListBudget budget("");
  ASSERT_TRUE(budget.take_bytes(budget::engine_instance_bytes));
  EXPECT_THAT(budget.take_bytes(1).error().what, HasSubstr("512 MiB"));
}

TEST(ListBudget, CountsWhatAnInstanceOwns) {
  Instance large;
  large.ports.resize(100'000);
  ListBudget budget("");
  int taken = 0;
  while (budget.take(large)) ++taken;
  EXPECT_GT(taken, 10);
  EXPECT_LT(taken, 200);
}

TEST(ListBudget, CountsAnAnswerOfWhichLittleIsKept) {
  AnswerBudget budget("unix:///run/x.sock", {.answer_bytes = 1000});
  ASSERT_TRUE(budget.take(400));
  ASSERT_TRUE(budget.take(600));
  const auto beyond = budget.take(1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::protocol);
  EXPECT_EQ(beyond.error().endpoint, "unix:///run/x.sock");
}

}  // namespace
}  // namespace rollcall
