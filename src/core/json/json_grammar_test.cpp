#include "core/json/json_grammar.hpp"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/json/json_walk.hpp"

namespace rollcall {
namespace {

using namespace std::string_view_literals;

constexpr auto right = std::to_array<std::string_view>({
    "{}",
    "[]",
    " { } ",
    "\t[\n]\r\n",
    R"({"a":1})",
    R"({"a":{},"b":[]})",
    R"([[],[[]],{"a":[{}]}])",
    R"({ "a" : [ 1 , 2 ] , "b" : null })",
    R"({"":""})",
    R"({"a":1,"a":2})",
    "[true,false,null]",
    "[0,-0,7,-7,10,1234567890123456789012345678901234567890]",
    "[0.0,-0.5,1.25,1e5,1E5,1e+5,1e-5,0e0]",
    "[1.5e300,1e400,-1e-400]",
    R"(["","a","\"\\\/\b\f\n\r\t","\u0000\u00e9\uD83D\uDE00\ud800"])",
    "[\"\u00e9 \u2028 \x7f\"]",
    "0",
    "-1",
    "\"a\"",
    "true",
    "null",
    R"(["a string that is longer than a block of 32 bytes, and ends behind one \" more"])",
});

/// Examples of each kind of fault: something too much, missing or in the wrong place, and syntax of
/// other notations.
constexpr auto wrong = std::to_array<std::string_view>({
    // nothing, too much, too little
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[1",
    "[1,",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "\"a",
    "\"",
    "{}{}",
    "[][]",
    "{} x",
    "{},",
    "{}]",
    "[]}",
    "1 2",
    "[1]2",
    "\"a\"\"b\"",
    "{}\0"sv,
    "{}\x0c",
    "\xef\xbb\xbf{}",
    // commas and colons
    "[,]",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1;2]",
    "[\"a\" \"b\"]",
    "[1:2]",
    "[\"a\":1]",
    "[[] []]",
    "{,}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1:2}",
    "{\"a\",1}",
    "{\"a\" 1}",
    "{\"a\"::1}",
    "{\"a\":,}",
    "{\"a\":}",
    "{\"a\"}",
    "{:1}",
    "{\"a\":1;\"b\":2}",
    "[{},]",
    "{\"a\":[],}",
    // brackets that do not fit
    "[}",
    "{]",
    "[1}",
    "{\"a\":1]",
    "[{]}",
    "{\"a\":[}",
    "(1)",
    "<1>",
    "[[1]",
    "[1]]",
    "{\"a\":{}",
    "{{}}",
    "{[]}",
    "{[]:1}",
    // keys
    "{a:1}",
    "{1:1}",
    "{null:1}",
    "{'a':1}",
    "{\"a:1}",
    "{\"a\\x\":1}",
    "{\"a\n\":1}",
    "{\"a\":1,b:2}",
    "{true:1}",
    // words
    "[True]",
    "[TRUE]",
    "[tru]",
    "[truee]",
    "[nul]",
    "[nil]",
    "[None]",
    "[undefined]",
    "[NaN]",
    "[Infinity]",
    "[-Infinity]",
    "[fals]",
    "[yes]",
    "[true1]",
    "[true false]",
    "[x]",
    "[n]",
    "[t",
    "nulla",
    "[nu ll]",
    // numbers
    "[01]",
    "[-01]",
    "[00]",
    "[+1]",
    "[-]",
    "[--1]",
    "[-a]",
    "[.5]",
    "[-.5]",
    "[5.]",
    "[5.e1]",
    "[1.2.3]",
    "[1e]",
    "[1e+]",
    "[1e-]",
    "[1e1.5]",
    "[1ee1]",
    "[1e+-1]",
    "[e1]",
    "[0x1f]",
    "[1_000]",
    "[1,000.]",
    "[1 .5]",
    "[1. 5]",
    "[- 1]",
    "[1e 5]",
    "[1f]",
    "[1L]",
    "[1/2]",
    "[0b1]",
    "[\xef\xbc\x91]",
    "[1.\"a\"]",
    "[1+1]",
    "[*]",
    "[$1]",
    // texts
    "[\"a]",
    "['a']",
    "[`a`]",
    "[a]",
    "[\"a\\\"]",
    "[\"\\a\"]",
    "[\"\\x41\"]",
    "[\"\\'\"]",
    "[\"\\0\"]",
    "[\"\\U0041\"]",
    "[\"\\u\"]",
    "[\"\\u1\"]",
    "[\"\\u12\"]",
    "[\"\\u123\"]",
    "[\"\\u123g\"]",
    "[\"\\u 123\"]",
    "[\"\\ud83d\\u\"]",
    "[\"\\",
    "[\"\\u00",
    "[\"\t\"]",
    "[\"\n\"]",
    "[\"\r\n\"]",
    "[\"\0\"]"sv,
    "[\"a\x1f\"]",
    "[\"\\\n\"]",
    "[\"a\"b\"]",
    "[\"\"\"]",
    "[\"a\" + \"b\"]",
    "[\"a string that is longer than a block of 32 bytes \x01 \"]",
    "[\"a string that is longer than a block of 32 bytes \\q \"]",
    // comments and white space of others
    "[1//a\n]",
    "[1/*a*/]",
    "[1#a\n]",
    "/**/[]",
    "[\x0b]",
    "[\x0c]",
    "[\xc2\xa0]",
    "[\xe2\x80\xa8]",
    "[\0]"sv,
    "[1\\n]",
    "[\x1a]",
});

TEST(JsonGrammar, KnowsWhatIsJson) {
  for (const std::string_view text : right) EXPECT_TRUE(is_json(text)) << text;
}

TEST(JsonGrammar, KnowsWhatIsNot) {
  for (const std::string_view text : wrong) EXPECT_FALSE(is_json(text)) << text;
}

TEST(JsonGrammar, ReadsNothingBehindTheText) {
  for (const std::string_view text : right) {
    const std::string exact(text);  // so that the sanitizer sees its end
    for (std::size_t size = 0; size < exact.size(); ++size) {
      const std::string cut(text.substr(0, size));
      (void)is_json(cut);
    }
  }
}

TEST(JsonGrammar, EndsAtADepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(is_json(nested(1024)));
  EXPECT_FALSE(is_json(nested(1025)));
  EXPECT_FALSE(is_json(std::string(1U << 20U, '[')));
}

/// Reads another field of an object that contains the value.
simdjson::error_code read_beside(std::string_view value) {
  std::string text = R"({"id":"x","unread":)";
  text.append(value).append(R"(,"after":1})");
  const std::size_t size = text.size();
  text.append(simdjson::SIMDJSON_PADDING, ' ');
  json_walk::ObjectReader reader;
  std::string_view id;
  return reader.read(std::string_view(text).substr(0, size),
                     [&](std::string_view key, json_walk::ondemand::value of) {
                       return key == "id" ? json_walk::read_text(of, id) : simdjson::SUCCESS;
                     });
}

TEST(JsonGrammar, HoldsForWhatIsNotRead) {
  for (const std::string_view value : right)
    EXPECT_EQ(read_beside(value), simdjson::SUCCESS) << value;
  for (const std::string_view value : wrong)
    EXPECT_NE(read_beside(value), simdjson::SUCCESS) << value;
}

}  // namespace
}  // namespace rollcall
