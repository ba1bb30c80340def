#include "core/text/text.hpp"

#include <chrono>
#include <limits>

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Printable, OrdinaryTextOfAnyScriptStays) {
  for (const std::string_view text : {"", "web-1", "Grüße", "日本語", "🐋", "a\\b \"c\""}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ControlCharactersAndEscapeSequencesAreWrittenOut) {
  EXPECT_EQ(printable("\x1b[31mred\n\t\x7f"), "\\x1b[31mred\\x0a\\x09\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, TheSecondSetOfControlCharactersIsWrittenOut) {
  EXPECT_EQ(printable("\u009b31m"), "\\u{009b}31m");
}

TEST(Printable, BidirectionalOverridesAreWrittenOut) {
  EXPECT_EQ(printable("a\u202eb\u2066c\u200f"), "a\\u{202e}b\\u{2066}c\\u{200f}");
}

TEST(Printable, BytesThatAreNotUtf8AreWrittenOut) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut off";
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(printable("\xc3(ok"), "\\xc3(ok") << "what follows is not swallowed";
}

TEST(Excerpt, ShortTextIsWhole) {
  EXPECT_EQ(excerpt("abc", 3), "abc");
}

TEST(Excerpt, LongTextIsCutAtACharacter) {
  EXPECT_EQ(excerpt("abcd", 3), "abc…");
  EXPECT_EQ(excerpt("aäöü", 2), "aä…");
}

TEST(Excerpt, AMegabyteMakesAShortSentence) {
  EXPECT_LE(excerpt(std::string(1 << 20, '\x1b')).size(), 72U);
}

TEST(ValidUtf8, EachBadByteIsReplacedAndTheRestStays) {
  EXPECT_EQ(valid_utf8("a\xff\xc3z"), "a\ufffd\ufffdz");
  EXPECT_EQ(valid_utf8("Grüße\n"), "Grüße\n");
}

TEST(Rfc3339, TheFractionIsAsShortAsItIsExact) {
  const Timestamp time{seconds(1795297353)};
  EXPECT_EQ(to_rfc3339(time), "2026-11-21T21:42:33Z");
  EXPECT_EQ(to_rfc3339(time + nanoseconds(396'124'707)), "2026-11-21T21:42:33.396124707Z");
  EXPECT_EQ(to_rfc3339(time + nanoseconds(500'000'000)), "2026-11-21T21:42:33.5Z");
  EXPECT_EQ(to_rfc3339(time + nanoseconds(1)), "2026-11-21T21:42:33.000000001Z");
}

TEST(Rfc3339, TimesBefore1970AreWrittenRight) {
  EXPECT_EQ(to_rfc3339(Timestamp(nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
}

TEST(Rfc3339, TheEndsOfTheClockCanBeWritten) {
  EXPECT_EQ(to_rfc3339(Timestamp::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(to_rfc3339(Timestamp::max()), "2262-04-11T23:47:16.854775807Z");
}

TEST(Rfc3339, WhatIsWrittenIsReadBack) {
  for (const std::int64_t count : {0L, 1L, -1L, 1'795'297'353'396'124'707L}) {
    const Timestamp time{nanoseconds(count)};
    EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time) << count;
  }
}

TEST(Rfc3339, AnyOffsetIsUnderstood) {
  const Timestamp noon{seconds(1'000'000'000)};  // 2001-09-09T01:46:40Z
  EXPECT_EQ(parse_rfc3339("2001-09-09T01:46:40Z"), noon);
  EXPECT_EQ(parse_rfc3339("2001-09-09t03:46:40+02:00"), noon);
  EXPECT_EQ(parse_rfc3339("2001-09-08 20:16:40-05:30"), noon);
}

TEST(Rfc3339, FinerThanANanosecondIsDropped) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567899Z"), Timestamp(nanoseconds(123456789)));
}

TEST(Rfc3339, ALeapSecondIsTheNextOne) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:60Z"), Timestamp(seconds(60)));
}

TEST(Rfc3339, WhatIsNoTimeIsNothing) {
  for (const std::string_view text :
       {"", "now", "2001-09-09", "2001-09-09T01:46:40", "2001-09-09T01:46:40ZZ",
        "2001-02-30T01:46:40Z", "2001-13-09T01:46:40Z", "2001-09-09T24:00:00Z",
        "2001-09-09T01:60:40Z", "2001-09-09T01:46:61Z", "2001-09-09T01:46:40.Z",
        "2001-09-09T01:46:40+24:00", "2001-09-09T01:46:40+0200", "2001-09-09T1:46:40Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(Rfc3339, ATimeThatTheClockCannotHoldIsNothing) {
  EXPECT_EQ(parse_rfc3339("0001-01-01T00:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), std::nullopt);
}

}  // namespace
}  // namespace rollcall
