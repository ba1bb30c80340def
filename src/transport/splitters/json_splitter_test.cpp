#include "transport/splitters/json_splitter.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Shape = JsonSplitter::Shape;

struct Outcome {
  std::vector<std::string> items;
  std::string error;
};

Outcome split(JsonSplitter splitter, const std::vector<std::string>& pieces) {
  Outcome outcome;
  const auto sink = [&](std::string_view item) -> Result<void> {
    // The padding must be readable; the sanitizer reports it if not.
    volatile char past = item.data()[item.size() + JsonSplitter::padding - 1];
    static_cast<void>(past);
    outcome.items.emplace_back(item);
    return {};
  };
  for (const std::string& piece : pieces) {
    if (auto fed = splitter.feed(piece, sink); !fed) {
      outcome.error = fed.error().what;
      return outcome;
    }
  }
  if (auto finished = splitter.finish(); !finished) outcome.error = finished.error().what;
  return outcome;
}

Outcome split(Shape shape, const std::vector<std::string>& pieces, std::size_t max = 1000) {
  return split(JsonSplitter(shape, max), pieces);
}

const std::string array = R"( [ {"a":"]}\"\\"} ,{"b":[1,{"c":{}}]}, {} ] )";

TEST(JsonSplitter, CutsAnArrayIntoItsObjects) {
  const Outcome outcome = split(Shape::array, {array});
  EXPECT_THAT(outcome.items, ElementsAre(R"({"a":"]}\"\\"})", R"({"b":[1,{"c":{}}]})", "{}"));
  EXPECT_EQ(outcome.error, "");
}

TEST(JsonSplitter, WhatStandsBetweenTwoItemsIsBounded) {
  const std::string space(budget::gap_bytes / 2, ' ');
  EXPECT_EQ(split(Shape::array, {"[{}", space, ",{}", space, "]"}).error, "");
  EXPECT_THAT(split(Shape::array, {"[{}", space, ",", space, space}).error,
              HasSubstr("between two items"));
  EXPECT_THAT(split(Shape::stream, {"{}", space, space, " "}).error,
              HasSubstr("between two items"));
}

TEST(JsonSplitter, WhatIsLeftOutOfAnItemIsBoundedToo) {
  constexpr std::array<std::string_view, 1> keys = {"much"};
  JsonSplitter splitter(Shape::array, 1000);
  splitter.leave_out(keys);
  std::vector<std::string> pieces = {R"([{"much":[)"};
  for (int i = 0; i < 5; ++i) pieces.push_back(std::string(300, '1'));
  EXPECT_THAT(split(std::move(splitter), pieces).error, HasSubstr("larger than 1000 bytes"));
}

TEST(JsonSplitter, AQuoteEndsAStringAfterAnEvenNumberOfBackslashes) {
  const std::string text = R"([{"a":"\\\\"},{"b":"\\\\\\\"}{"},{"\\":"\\\"\\\\"}])";
  const std::vector<std::string> items{R"({"a":"\\\\"})", R"({"b":"\\\\\\\"}{"})",
                                       R"({"\\":"\\\"\\\\"})"};
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const Outcome outcome = split(Shape::array, {text.substr(0, cut), text.substr(cut)});
    EXPECT_EQ(outcome.items, items) << "cut at " << cut;
    EXPECT_EQ(outcome.error, "") << "cut at " << cut;
  }
}

TEST(JsonSplitter, GivesTheSameItemsHoweverTheInputIsCut) {
  const auto whole = split(Shape::array, {array}).items;
  for (std::size_t cut = 0; cut <= array.size(); ++cut) {
    const Outcome outcome = split(Shape::array, {array.substr(0, cut), array.substr(cut)});
    EXPECT_EQ(outcome.items, whole) << "cut at " << cut;
    EXPECT_EQ(outcome.error, "") << "cut at " << cut;
  }
  std::vector<std::string> bytes;
  for (const char c : array) bytes.emplace_back(1, c);
  EXPECT_EQ(split(Shape::array, bytes).items, whole);
}

/// Reference implementation, byte by byte: where the first object ends; npos if it does not.
std::size_t end_of_object(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
  }
  return std::string_view::npos;
}

TEST(JsonSplitter, FindsTheEndThatIsFoundByteByByte) {
  constexpr std::string_view letters = R"({}[]"\:, ab)";
  std::mt19937 random(3);  // NOLINT(*-msc51-cpp): the same numbers each time
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "{";
    const std::size_t size = 1 + random() % 300;
    // Fewer brackets than other bytes, so that objects span several blocks. No backslashes outside
    // of strings: that is not JSON.
    bool in_string = false;
    bool escaped = false;
    while (text.size() < size) {
      const std::size_t from = random() % 4 == 0 ? 0 : 4;
      const char c = letters[from + random() % (letters.size() - from)];
      if (c == '\\' && !in_string) continue;
      text += c;
      if (c == '"' && !escaped) in_string = !in_string;
      escaped = in_string && c == '\\' && !escaped;
    }
    const std::size_t end = end_of_object(text);
    for (const std::size_t cut : {std::size_t{0}, random() % text.size(), std::size_t{64}}) {
      JsonScan scan;
      const std::string_view whole = text;
      std::size_t passed = scan.pass(whole.substr(0, cut));
      if (cut == 0 || scan.depth > 0) passed += scan.pass(whole.substr(std::min(cut, text.size())));
      const bool ended = scan.depth == 0;
      ASSERT_EQ(ended ? passed : std::string_view::npos, end) << text << " cut at " << cut;
    }
  }
}

JsonSplitter without_notes(Shape shape, std::size_t max = 1000) {
  JsonSplitter splitter(shape, max);
  splitter.leave_out(std::array{std::string_view("notes")});
  return splitter;
}

TEST(JsonSplitter, LeavesOutTheArraysOfAKey) {
  const std::string text =
      R"([{"a":{"notes":[{"x":"]"},[1,"\"]"]],"b":"\"notes\":[1]"},"notes":[]},)"
      R"({"notes":{"notes":[2]}},)"
      R"({"notes":7,"nope":[3],"notes ":[4]}])";
  EXPECT_THAT(split(without_notes(Shape::array), {text}).items,
              ElementsAre(R"({"a":{"notes":[],"b":"\"notes\":[1]"},"notes":[]})",
                          R"({"notes":{"notes":[]}})", R"({"notes":7,"nope":[3],"notes ":[4]})"));
}

TEST(JsonSplitter, LeavesOutTheArraysOfAnyOfSeveralKeys) {
  JsonSplitter splitter(Shape::array);
  splitter.leave_out(std::array<std::string_view, 3>{"notes", "n", "quotes"});
  EXPECT_THAT(split(std::move(splitter),
                    {R"([{"notes":[1],"quotes":[2],"n":[{"n":[3]}],"otes":[4],"x\"n":[5]}])"})
                  .items,
              ElementsAre(R"({"notes":[],"quotes":[],"n":[],"otes":[4],"x\"n":[5]})"));
}

/// Reference implementation of leaving out, byte by byte.
std::string without_notes(std::string_view object) {
  constexpr std::string_view key = R"("notes":[)";
  std::string rest;
  while (!object.empty()) {
    const std::size_t at = object.find(key);
    if (at == std::string_view::npos) break;
    if (object[at - 1] == '\\') {  // It ends a longer key.
      rest += object.substr(0, at + 1);
      object.remove_prefix(at + 1);
      continue;
    }
    rest += object.substr(0, at + key.size());
    object.remove_prefix(at + key.size() - 1);
    object.remove_prefix(end_of_object(object) - 1);
  }
  return rest.append(object);
}

TEST(JsonSplitter, LeavesOutWhatIsLeftOutByteByByte) {
  std::mt19937 random(5);  // NOLINT(*-msc51-cpp): the same numbers each time
  const std::string words[] = {
      R"("name":"nn\"notes\":[")",
      R"("notes":[])",
      R"("notes":[{"a":[1,"]\\"]}])",
      R"("no":["no"])",
      R"("n\"notes":["n"])",
      R"("n":{"notes":["a long text, longer than a block of sixty-four bytes is"]})"};
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> objects;
    std::string text = "[";
    for (std::size_t i = 0; i < 3; ++i) {
      std::string object = "{";
      for (std::size_t fields = 1 + random() % 6; fields > 0; --fields) {
        object += words[random() % std::size(words)] + (fields > 1 ? "," : "}");
      }
      text += (i > 0 ? "," : "") + object;
      objects.push_back(object);
    }
    text += "]";
    const Outcome whole = split(without_notes(Shape::array), {text});
    ASSERT_EQ(whole.error, "") << text;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      ASSERT_EQ(whole.items[i], without_notes(objects[i])) << text;
    }
    // A key that is cut keeps its array: a cut must not lose another field.
    const std::size_t cut = random() % text.size();
    const Outcome cut_up =
        split(without_notes(Shape::array), {text.substr(0, cut), text.substr(cut)});
    ASSERT_EQ(cut_up.error, "") << text << " cut at " << cut;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      ASSERT_EQ(without_notes(cut_up.items[i]), whole.items[i]) << text << " cut at " << cut;
    }
  }
}

TEST(JsonSplitter, WhatIsLeftOutIsNotHeldWithTheItem) {
  // Each part fits into the 1,000 bytes of an item; together they do not.
  const std::string notes = R"([{"notes":[")" + std::string(900, 'x');
  const std::string rest = R"("],"a":")" + std::string(900, 'y');
  EXPECT_THAT(split(without_notes(Shape::array), {notes, rest, R"("}])"}).items,
              ElementsAre(R"({"notes":[],"a":")" + std::string(900, 'y') + R"("})"));
  EXPECT_THAT(split(without_notes(Shape::array), {notes}).error, HasSubstr("middle of an object"));
}

TEST(JsonSplitter, KnowsThatEveryPrefixIsNotTheWhole) {
  const std::string text = R"([{"a":1},{"b":2}])";
  for (std::size_t end = 0; end < text.size(); ++end) {
    EXPECT_NE(split(Shape::array, {text.substr(0, end)}).error, "") << end;
  }
}

TEST(JsonSplitter, CutsAStreamOfObjects) {
  EXPECT_THAT(split(Shape::stream, {"{\"a\":1}\n{}{\"b\"", ":2}\r\n\n"}).items,
              ElementsAre(R"({"a":1})", "{}", R"({"b":2})"));
  EXPECT_THAT(split(Shape::stream, {}).items, IsEmpty());
}

TEST(JsonSplitter, AStreamThatEndsInAnObjectIsAnError) {
  EXPECT_THAT(split(Shape::stream, {R"({"a":1}{"b")"}).error, HasSubstr("middle of an object"));
}

TEST(JsonSplitter, AnythingElseIsAnError) {
  for (const char* text :
       {"{}", "[1]", "[{} {}]", "[,{}]", "[{}]x", "[{}]]", "null", "<html>", "[[]]"}) {
    EXPECT_THAT(split(Shape::array, {text}).error, HasSubstr("not a JSON array")) << text;
  }
  EXPECT_THAT(split(Shape::stream, {"nope"}).error, HasSubstr("JSON objects"));
}

TEST(JsonSplitter, AnItemAboveTheBoundIsAnErrorBeforeItIsHeld) {
  const std::string big = R"([{"a":")" + std::string(2000, 'x');
  EXPECT_THAT(split(Shape::array, {big}, 1000).error, HasSubstr("larger than 1000 bytes"));
}

TEST(JsonSplitter, TakesNoMoreThanTheArrayWithinSomethingElse) {
  const std::string text = R"([{"a":"]"}, {"b":1} ],"metadata":{}})";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    JsonSplitter splitter(Shape::array);
    std::size_t items = 0;
    std::size_t taken = 0;
    const auto sink = [&items](std::string_view) -> Result<void> {
      ++items;
      return {};
    };
    for (const std::string& piece : {text.substr(0, cut), text.substr(cut)}) {
      const auto some = splitter.feed_some(piece, sink);
      ASSERT_TRUE(some) << cut;
      taken += *some;
    }
    EXPECT_EQ(taken, text.find(R"(,"metadata")")) << cut;
    EXPECT_TRUE(splitter.closed());
    EXPECT_EQ(items, 2U);
  }
}

TEST(JsonSplitter, ASinkThatFailsEndsIt) {
  JsonSplitter splitter(Shape::stream);
  int calls = 0;
  const auto fed = splitter.feed("{}{}{}", [&](std::string_view) -> Result<void> {
    if (++calls == 2) return fail({.kind = ErrorKind::protocol, .what = "enough"});
    return {};
  });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().what, "enough");
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace rollcall
