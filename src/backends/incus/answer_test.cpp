#include "backends/incus/answer.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Taken {
  bool complete = false;
  std::vector<std::string> items;
};

Taken take(const std::string& answer, std::size_t piece) {
  Taken taken;
  AnswerSplitter splitter;
  const auto sink = [&taken](std::string_view item) -> Result<void> {
    taken.items.emplace_back(item);
    return {};
  };
  for (std::size_t at = 0; at < answer.size(); at += piece) {
    if (!splitter.feed(std::string_view(answer).substr(at, piece), sink)) return taken;
  }
  taken.complete = splitter.finish().has_value();
  return taken;
}

std::vector<std::string> items_of(const std::string& answer) {
  Taken whole = take(answer, answer.size());
  EXPECT_TRUE(whole.complete) << answer;
  for (std::size_t piece = 1; piece < 8; ++piece) {
    const Taken cut = take(answer, piece);
    EXPECT_TRUE(cut.complete) << answer;
    EXPECT_EQ(cut.items, whole.items) << piece;
  }
  return whole.items;
}

TEST(AnswerSplitter, TheElementsOfMetadataAreItems) {
  EXPECT_THAT(items_of(R"({"type":"sync","error":"","metadata":[{"a":"]}\"{"},{"b":[{}]}]})"),
              ElementsAre(R"({"a":"]}\"{"})", R"({"b":[{}]})"));
}

TEST(AnswerSplitter, AnObjectInTheirPlaceIsOne) {
  EXPECT_THAT(items_of("{\"metadata\" : {\"a\":{\"metadata\":[]}} ,\n\"type\":\"sync\"}\n"),
              ElementsAre(R"({"a":{"metadata":[]}})"));
}

TEST(AnswerSplitter, WhereItStandsDoesNotMatter) {
  EXPECT_THAT(items_of(R"({"x":{"metadata":[{"no":1}]},"metadata":[{"yes":1}],"y":[1,"}"]})"),
              ElementsAre(R"({"yes":1})"));
}

TEST(AnswerSplitter, NothingIsNoItem) {
  for (const char* answer : {R"({"metadata":null})", R"({"metadata":[]})", R"({"type":"sync"})",
                             R"({"metadata":"text"})", R"({"error":"metadata"})", "{}"}) {
    EXPECT_THAT(items_of(answer), IsEmpty()) << answer;
  }
}

TEST(AnswerSplitter, WhatIsNoEnvelopeIsAnError) {
  for (const std::string answer :
       {"", " ", "[]", "<html>", "\x01{}", "{", R"({"metadata":[)", R"({"metadata":[{"a":1})",
        "{}{}", R"({"metadata":[1]})", "{}x"}) {
    EXPECT_FALSE(take(answer, answer.size() + 1).complete) << answer;
  }
}

TEST(AnswerSplitter, TheErrorIsTheEnginesOwn) {
  EXPECT_EQ(error_text(R"({"type":"error","error":"Project not found","error_code":404})"),
            "Project not found");
  EXPECT_EQ(error_text("404 page not found"), "404 page not found");
  EXPECT_THAT(error_text(std::string(5000, 'x')), HasSubstr("…"));
}

}  // namespace
}  // namespace rollcall::incus
