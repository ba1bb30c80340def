#include "engine/change_log.hpp"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.hpp"

namespace rollcall {
namespace {

using test::make_instance;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr std::uint64_t epoch = 7;

void append(ChangeLog& log, const std::string& name) {
  log.append(Started{make_instance("id", name), Cause::live}, Timestamp());
}

std::vector<std::uint64_t> sequences(const std::vector<LogEntryPtr>& entries) {
  std::vector<std::uint64_t> all;
  for (const LogEntryPtr& entry : entries) all.push_back(entry->sequence);
  return all;
}

TEST(Cursor, IsReadAsItIsWritten) {
  EXPECT_EQ(to_string(Cursor{12, 345}), "12-345");
  EXPECT_THAT(parse_cursor("12-345"), Optional(Cursor{12, 345}));
  EXPECT_THAT(parse_cursor("18446744073709551615-0"),
              Optional(Cursor{18'446'744'073'709'551'615U, 0}));
}

TEST(Cursor, IsNothingElse) {
  for (const char* text : {"", "-", "1", "1-", "-1", "1-2-3", " 1-2", "1-2 ", "+1-2", "1-+2",
                           "01-2", "1-02", "a-b", "0x1-2", "18446744073709551616-0", "1--2"}) {
    EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
  }
}

TEST(ChangeLogTest, BeginsWithNothing) {
  const ChangeLog log(epoch);
  EXPECT_EQ(log.newest(), (Cursor{epoch, 0}));
  EXPECT_EQ(log.oldest(), (Cursor{epoch, 0}));
  EXPECT_THAT(log.after({epoch, 0}, 10).value(), IsEmpty());
}

TEST(ChangeLogTest, GivesNoMoreBytesThanAreAskedForButOneChange) {
  ChangeLog log(epoch);
  for (const char* name : {"a", "b", "c"}) append(log, name);
  const std::size_t cost = log.bytes() / 3;
  EXPECT_EQ(sequences(log.after({epoch, 0}, 10, 1).value()), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(sequences(log.after({epoch, 0}, 10, 2 * cost).value()),
            (std::vector<std::uint64_t>{1, 2}));
  EXPECT_THAT(log.after({epoch, 0}, 10, 10 * cost).value(), SizeIs(3));
}

TEST(ChangeLogTest, NumbersWhatItIsGivenAndGivesItInOrder) {
  ChangeLog log(epoch);
  for (const char* name : {"a", "b", "c"}) append(log, name);
  EXPECT_EQ(log.newest(), (Cursor{epoch, 3}));
  const auto after = log.after({epoch, 1}, 10).value();
  EXPECT_EQ(sequences(after), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(std::get<Started>(after[0]->event).instance->name, "b");
  EXPECT_THAT(log.after({epoch, 0}, 2).value(), SizeIs(2));
  EXPECT_THAT(log.after({epoch, 3}, 2).value(), IsEmpty());
}

TEST(ChangeLogTest, SaysWhatIsLostToWhoIsTooLate) {
  ChangeLog log(epoch, {.entries = 2, .bytes = 1U << 20U});
  for (const char* name : {"a", "b", "c", "d", "e"}) append(log, name);
  EXPECT_EQ(log.oldest(), (Cursor{epoch, 3}));
  const auto late = log.after({epoch, 1}, 10);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), (LogGap{.reason = LogGap::Reason::too_old,
                                  .asked = {epoch, 1},
                                  .oldest = {epoch, 3},
                                  .newest = {epoch, 5},
                                  .missed = 2}));
  EXPECT_EQ(describe(late.error()),
            "2 changes after 7-1 are no longer kept, the oldest cursor is 7-3: list again");
  EXPECT_EQ(sequences(log.after({epoch, 3}, 10).value()), (std::vector<std::uint64_t>{4, 5}));
}

TEST(ChangeLogTest, KnowsTheCursorsOfAnotherEpochAndOfTheFuture) {
  ChangeLog log(epoch);
  append(log, "a");
  const auto other = log.gap({epoch + 1, 1});
  ASSERT_TRUE(other);
  EXPECT_EQ(to_string(other->reason), "other_epoch");
  EXPECT_THAT(describe(*other), testing::HasSubstr("another run"));
  const auto ahead = log.gap({epoch, 2});
  ASSERT_TRUE(ahead);
  EXPECT_EQ(to_string(ahead->reason), "ahead");
  EXPECT_THAT(describe(*ahead), testing::HasSubstr("ahead of the newest, 7-1"));
}

TEST(ChangeLogTest, KeepsTheLastEntryHoweverLargeItIs) {
  ChangeLog log(epoch, {.entries = 10, .bytes = 1});
  append(log, "a");
  append(log, "b");
  EXPECT_EQ(log.size(), 1U);
  EXPECT_EQ(sequences(log.after({epoch, 1}, 10).value()), (std::vector<std::uint64_t>{2}));
}

TEST(ChangeLogTest, CountsAnInstanceAsItsOwn) {
  Instance large = *make_instance("id", "name");
  const std::string value(10'000, 'x');
  large.labels = Labels({{"key", value}});
  EXPECT_GT(memory_of(large), memory_of(*make_instance("id", "name")) + value.size() - 1);
}

// After any appends and reads, the log is the tail of all that was appended, within its bounds.
TEST(ChangeLogTest, IsAlwaysTheEndOfAllThatWasAppended) {
  std::mt19937 chance(20261125);
  const auto below = [&chance](std::size_t end) { return chance() % end; };
  for (int round = 0; round < 200; ++round) {
    const LogBounds bounds{.entries = 1 + below(40), .bytes = 500 + below(30'000)};
    ChangeLog log(epoch, bounds);
    std::vector<LogEntryPtr> all;
    for (int step = 0; step < 150; ++step) {
      all.push_back(log.append(
          Started{make_instance("id", std::string(below(2'000), 'n')), Cause::live}, Timestamp()));
      ASSERT_LE(log.size(), bounds.entries);
      ASSERT_TRUE(log.bytes() <= bounds.bytes || log.size() == 1) << log.bytes();
      ASSERT_EQ(log.newest().sequence, all.size());
      ASSERT_EQ(log.oldest().sequence, all.size() - log.size());
      const Cursor from{epoch, below(all.size() + 1)};
      const std::size_t most = 1 + below(60);
      const auto found = log.after(from, most);
      ASSERT_EQ(found.has_value(), from.sequence >= log.oldest().sequence);
      if (!found) {
        ASSERT_EQ(found.error().missed, log.oldest().sequence - from.sequence);
        continue;
      }
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from.sequence);
      const auto count = std::min(most, static_cast<std::size_t>(all.end() - begin));
      ASSERT_EQ(*found, std::vector(begin, begin + static_cast<std::ptrdiff_t>(count)));
    }
  }
}

}  // namespace
}  // namespace rollcall
