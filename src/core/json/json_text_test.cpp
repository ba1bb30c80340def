#include "core/json/json_text.hpp"

#include <cstdint>
#include <string>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/text/code_points.hpp"
#include "core/text/text.hpp"

namespace rollcall {
namespace {

std::string json_of(std::string_view foreign) {
  std::string out;
  append_json_string(out, foreign);
  return out;
}

std::string utf8(char32_t point) {
  const auto byte = [](char32_t bits) {
    return static_cast<char>(static_cast<std::uint8_t>(bits));
  };
  const auto rest = [&](unsigned shift) { return byte(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0U | (point >> 6U)), rest(0)};
  if (point < 0x10000) return {byte(0xe0U | (point >> 12U)), rest(6), rest(0)};
  return {byte(0xf0U | (point >> 18U)), rest(12), rest(6), rest(0)};
}

TEST(JsonText, PlainTextIsQuoted) {
  EXPECT_EQ(json_of(""), R"("")");
  EXPECT_EQ(json_of("web 1~"), R"("web 1~")");
  EXPECT_EQ(json_of("caf\u00e9 \u65e5\U0001f600"), "\"caf\u00e9 \u65e5\U0001f600\"");
}

TEST(JsonText, WhatATerminalActsOnIsEscaped) {
  EXPECT_EQ(json_of("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(json_of("\x1b[31m\x7f"), R"("\u001b[31m\u007f")");
  EXPECT_EQ(json_of("\u009b\u202e\u2066\u2028\ufeff"), R"("\u009b\u202e\u2066\u2028\ufeff")");
  EXPECT_EQ(json_of("\u200b\u200c\u200d\u200e\u200f"), R"("\u200b\u200c\u200d\u200e\u200f")");
  EXPECT_EQ(json_of("x\U000e0041"), R"("x\udb40\udc41")");
  EXPECT_EQ(json_of("a\xff"), "\"a\ufffd\"");
}

TEST(JsonText, EachCodePointIsReadBackAndNoneThatIsActiveStandsBare) {
  for (char32_t point = 0; point <= 0x10ffff; point = point == 0xd7ff ? 0xe000 : point + 1) {
    // All of the planes in which something is active, and some of the others.
    if (point > 0x10000 && (point < 0xe0000 || point > 0xe01ff) && point % 251 != 0) continue;
    const std::string text = utf8(point);
    const std::string written = json_of(text);
    ASSERT_EQ(boost::json::parse(written).as_string(), text) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(serialized(boost::json::string(text)), written) << static_cast<std::uint32_t>(point);
    ASSERT_EQ(is_active(point), !written.contains(text) && point != '"' && point != '\\')
        << static_cast<std::uint32_t>(point);
  }
}

TEST(JsonText, ValuesAreWrittenAsBoostWritesThemButForWhatIsActive) {
  const auto value = boost::json::parse(
      "{\"a\u202e\":[1,-2,2.5,true,null,\"\u009b\x7f\",\"caf\u00e9\"],\"b\":{}}");
  const std::string text = serialized(value);
  EXPECT_EQ(text,
            "{\"a\\u202e\":[1,-2,2.5E0,true,null,\"\\u009b\\u007f\",\"caf\u00e9\"],\"b\":{}}");
  EXPECT_EQ(boost::json::parse(text), value);
}

TEST(JsonText, WhatIsActiveIsShownAsAnEscapeInText) {
  EXPECT_EQ(printable("\u200b\ufeff\U000e0041\u00ad"), "\\u{200b}\\u{feff}\\u{e0041}\\u{00ad}");
}

}  // namespace
}  // namespace rollcall
