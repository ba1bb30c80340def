#include "server/api/answers.hpp"

#include <string>

#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

constexpr std::size_t size = 100'000;

SharedText text_of(std::size_t bytes) {
  return std::make_shared<const std::string>(bytes, 'x');
}

TEST(ServerAnswers, AreCountedWhileTheyAreHeld) {
  Answers answers(3 * size);
  HeldText first = answers.hold(text_of(size));
  EXPECT_EQ(answers.bytes(), size);
  const HeldText second = answers.hold(text_of(size));
  EXPECT_EQ(answers.bytes(), 2 * size);
  first = {};
  EXPECT_EQ(answers.bytes(), size);
}

TEST(ServerAnswers, ThatAreShortAlwaysPass) {
  Answers answers(size);
  const HeldText all = answers.hold(text_of(size));
  const HeldText held = answers.hold(text_of(budget::short_answer_bytes));
  EXPECT_NE(held.text, nullptr);
  EXPECT_EQ(answers.bytes(), size);
}

TEST(ServerAnswers, ThatHaveNoRoomAreRefused) {
  Answers answers(2 * size);
  HeldText first = answers.hold(text_of(size));
  const HeldText second = answers.hold(text_of(size));
  EXPECT_FALSE(answers.has_room());
  EXPECT_EQ(answers.hold(text_of(size)).text, nullptr);
  EXPECT_FALSE(*first.given_up) << "it is read for a moment only";
  first = {};
  EXPECT_TRUE(answers.has_room());
  EXPECT_NE(answers.hold(text_of(size)).text, nullptr);
}

TEST(ServerAnswers, OneAloneHasRoomWhateverItsSize) {
  Answers answers(size);
  const HeldText huge = answers.hold(text_of(10 * size));
  EXPECT_NE(huge.text, nullptr);
  EXPECT_EQ(answers.hold(text_of(size)).text, nullptr);
}

TEST(ServerAnswers, OfOneKeyAreOneText) {
  Answers answers(2 * size);
  HeldText first = answers.hold(text_of(size), "key");
  const HeldText again = answers.find("key");
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(answers.bytes(), size);
  first = {};
  EXPECT_EQ(answers.find("key").text, again.text) << "one still reads it";
  EXPECT_EQ(answers.find("other").text, nullptr);
}

TEST(ServerAnswers, ThatAreNotLongAreRememberedForAWhile) {
  Answers answers(10 * size);
  static_cast<void>(answers.hold(text_of(10), "key"));
  ASSERT_NE(answers.find("key").text, nullptr);
  EXPECT_EQ(answers.find("key").text->size(), 10U);
  for (std::size_t i = 0; i < budget::recent_answers; ++i) {
    static_cast<void>(answers.hold(text_of(10), std::to_string(i)));
  }
  EXPECT_EQ(answers.find("key").text, nullptr);
}

TEST(ServerAnswers, ThatNobodyReadsAreForgotten) {
  Answers answers(4 * budget::mib);
  static_cast<void>(answers.hold(text_of(2 * budget::mib), "key"));
  EXPECT_EQ(answers.find("key").text, nullptr);
  EXPECT_EQ(answers.bytes(), 0U);
}

TEST(ServerAnswers, OfOneTextAreCountedOnce) {
  Answers answers(10 * size);
  const SharedText text = text_of(size);
  const HeldText first = answers.hold(text);
  const HeldText second = answers.hold(text);
  EXPECT_EQ(answers.bytes(), size);
}

TEST(ServerAnswers, ThatAreKeptAreCountedWhenTheyAreNoLongerTheLatest) {
  Answers answers(10 * size);
  HeldText kept = answers.keep(text_of(size));
  const HeldText reader = kept;
  EXPECT_EQ(answers.bytes(), 0U);
  answers.count(kept);
  kept = {};
  EXPECT_EQ(answers.bytes(), size);
}

TEST(ServerAnswers, MayOutliveTheirCounting) {
  HeldText held;
  {
    Answers answers(size);
    held = answers.hold(text_of(size), "key");
  }
  EXPECT_EQ(held.text->size(), size);
}

}  // namespace
}  // namespace rollcall::server
