#include "core/sort_by_text.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Thing {
  std::string text;
  int number = 0;
  auto operator<=>(const Thing&) const = default;
};
using ThingPtr = std::shared_ptr<const Thing>;

std::string_view text_of(const ThingPtr& thing) {
  return thing->text;
}

bool by_number(const ThingPtr& a, const ThingPtr& b) {
  return a->number < b->number;
}

TEST(SortByText, SortsAsTextsAreOrdered) {
  std::mt19937 random(7);  // NOLINT(*-msc51-cpp): the same numbers each time
  // Common beginnings, texts that begin others, bytes that are no ASCII, and zeroes.
  const std::string parts[] = {
      "web", "shop-checkout-", "a", "\xC3\xBC", std::string(1, '\0'), "7d9f8c6b5", ""};
  for (int round = 0; round < 200; ++round) {
    std::vector<ThingPtr> all;
    for (std::size_t left = random() % 400; left > 0; --left) {
      std::string text = round % 2 == 0 ? "what all have in common " : "";
      for (std::size_t more = random() % 5; more > 0; --more)
        text += parts[random() % std::size(parts)];
      all.push_back(std::make_shared<Thing>(Thing{text, static_cast<int>(random() % 5)}));
    }
    auto expected = all;
    std::ranges::sort(expected, {}, [](const ThingPtr& thing) -> const Thing& { return *thing; });
    sort_by_text(all, text_of, by_number);
    ASSERT_TRUE(std::ranges::equal(
        all, expected, {}, [](const auto& t) { return *t; }, [](const auto& t) { return *t; }));
  }
}

TEST(SortByText, TakesNothingAndWhatIsAllTheSame) {
  std::vector<ThingPtr> none;
  sort_by_text(none, text_of, by_number);
  EXPECT_THAT(none, IsEmpty());
  std::vector<ThingPtr> same(100, std::make_shared<Thing>(Thing{"the same", 1}));
  sort_by_text(same, text_of, by_number);
  EXPECT_EQ(same.size(), 100U);
  EXPECT_THAT(same, testing::Each(testing::NotNull()));
}

TEST(SortByText, TheTextMayLiveInTheElement) {
  std::vector<std::unique_ptr<std::string>> all;
  for (const char* text : {"b", "a"}) all.push_back(std::make_unique<std::string>(text));
  sort_by_text(
      all, [](const auto& text) -> std::string_view { return *text; },
      [](const auto&, const auto&) { return false; });
  EXPECT_THAT(all,
              ElementsAre(testing::Pointee(std::string("a")), testing::Pointee(std::string("b"))));
}

}  // namespace
}  // namespace rollcall
