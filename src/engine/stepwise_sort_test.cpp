#include "engine/stepwise_sort.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

int sort(std::vector<int>& values) {
  StepwiseSort<int> work(values, [](int a, int b) { return a < b; });
  int steps = 1;
  while (!work.step()) ++steps;
  return steps;
}

TEST(StepwiseSort, SortsAnyNumberInAnyOrder) {
  std::minstd_rand dice(1);
  for (const std::size_t size : {0U, 1U, 2U, 511U, 512U, 513U, 1024U, 1025U, 5000U, 9999U}) {
    std::vector<int> values(size);
    for (int& value : values) value = static_cast<int>(dice() % 1000);
    std::vector<int> expected = values;
    std::ranges::sort(expected);
    sort(values);
    EXPECT_EQ(values, expected) << size;
  }
}

TEST(StepwiseSort, WhatIsInOrderCostsOneLook) {
  std::vector<int> values(100'000);
  EXPECT_EQ(sort(values), 1);
}

TEST(StepwiseSort, LongWorkIsManySteps) {
  std::vector<int> values(100'000);
  for (int i = 0; i < 100'000; ++i) values[static_cast<std::size_t>(i)] = -i;
  EXPECT_GT(sort(values), 100);
}

}  // namespace
}  // namespace rollcall
