#include "core/runtimes.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using testing::Contains;
using testing::Not;

TEST(Runtimes, AreReadByEachOfTheirWords) {
  for (const RuntimeTraits* runtime : runtimes()) {
    EXPECT_EQ(parse_kind(runtime->word), runtime->kind);
    EXPECT_EQ(to_string(runtime->kind), runtime->word);
    for (const std::string_view other : runtime->other_words) {
      if (!other.empty()) EXPECT_EQ(parse_kind(other), runtime->kind) << other;
    }
  }
  EXPECT_EQ(parse_kind("AUTO"), RuntimeBackendKind::automatic);
  EXPECT_EQ(parse_kind(""), std::nullopt);
}

TEST(Runtimes, HaveNoWordTwice) {
  std::vector<std::string> words = all_runtime_words();
  std::ranges::sort(words);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  EXPECT_THAT(words, Contains("k8s"));
  EXPECT_THAT(runtime_words(), Not(Contains("k8s")));
}

}  // namespace
}  // namespace rollcall
