#include "engine/touch_book.hpp"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using namespace std::chrono_literals;

Touched touched(const std::string& id, RunMark mark, Duration at = 0s) {
  return {.id = id, .at = Timestamp(at), .mark = mark};
}

TEST(TouchBook, OneIsReadOnceHoweverOftenItIsTouched) {
  TouchBook book;
  for (int i = 0; i < 10; ++i) book.note(touched("1", RunMark::changed));
  EXPECT_EQ(book.take(99).size(), 1U);
  EXPECT_FALSE(book.ready());
}

TEST(TouchBook, WhatIsTouchedWhileItIsReadIsReadAgainAfterwards) {
  TouchBook book;
  book.note(touched("1", RunMark::began));
  (void)book.take(99);
  book.note(touched("1", RunMark::changed));
  EXPECT_TRUE(book.take(99).empty());
  EXPECT_TRUE(book.finish("1").valid);
  EXPECT_EQ(book.take(99).size(), 1U);
}

TEST(TouchBook, TheLastMarkCountsAndTheEndIsKept) {
  TouchBook book;
  book.note(touched("1", RunMark::ended, 3s));
  book.note(touched("1", RunMark::began, 4s));
  const auto taken = book.take(99);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken.front().mark, RunMark::began);
  EXPECT_EQ(book.finish("1").ended_at, Timestamp(3s));
}

TEST(TouchBook, AReadingOfOneThatIsGoneIsNotValid) {
  TouchBook book;
  book.note(touched("1", RunMark::began));
  (void)book.take(99);
  book.gone("1");
  EXPECT_FALSE(book.finish("1").valid);
  EXPECT_FALSE(book.ready());
}

TEST(TouchBook, AnInterruptNotesAgainWhatWasBeingRead) {
  TouchBook book;
  book.note(touched("1", RunMark::ended, 3s));
  book.note(touched("2", RunMark::began));
  (void)book.take(99);
  book.note(touched("1", RunMark::changed, 5s));
  book.interrupt();
  EXPECT_FALSE(book.finish("1").valid);
  EXPECT_EQ(book.ends().at("1"), Timestamp(3s));
  EXPECT_EQ(book.take(99).size(), 2U);
}

TEST(TouchBook, TakesNoMoreThanAskedFor) {
  TouchBook book;
  for (int i = 0; i < 5; ++i) book.note(touched(std::to_string(i), RunMark::began));
  EXPECT_EQ(book.take(3).size(), 3U);
  EXPECT_EQ(book.take(3).size(), 2U);
}

}  // namespace
}  // namespace rollcall
