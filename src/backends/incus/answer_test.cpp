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
using testing::SizeIs;

struct Taken {
  bool complete = false;
  std::vector<std::string> items;
};

Taken take(const std::string& answer, std::size_t piece) {
  Taken taken;
  ListAnswer splitter;
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

TEST(ListAnswer, TheElementsOfMetadataAreItems) {
  EXPECT_THAT(items_of(R"({"type":"sync","error":"","metadata":[{"a":"]}\"{"},{"b":[{}]}]})"),
              ElementsAre(R"({"a":"]}\"{"})", R"({"b":[{}]})"));
}

TEST(ListAnswer, TheOrderOfTheMembersDoesNotMatter) {
  EXPECT_THAT(items_of(R"({"x":{"metadata":[{"no":1}]},"metadata":[{"yes":1}],"y":[1,"}"],)"
                       "\n\"type\" : \"sync\"}\n"),
              ElementsAre(R"({"yes":1})"));
}

TEST(ListAnswer, AnEmptyListIsOneThatSaysSo) {
  EXPECT_THAT(items_of(R"({"type":"sync","metadata":[]})"), IsEmpty());
  EXPECT_THAT(items_of(R"({"metadata":[ ],"type":"sync"})"), IsEmpty());
}

TEST(ListAnswer, WhatIsNoCompleteListIsAnError) {
  for (const std::string answer : {"",
                                   " ",
                                   "[]",
                                   "null",
                                   "<html>",
                                   "\x01{}",
                                   "{",
                                   "{}",
                                   "{]",
                                   R"({"metadata":[)",
                                   R"({"type":"sync","metadata":[{"a":1})",
                                   R"({"type":"sync","metadata":[{"a":1}])",
                                   R"({"type":"sync","metadata":[{"a":1},]})",
                                   R"({"type":"sync","metadata":[1]})",
                                   R"({"type":"sync","metadata":null})",
                                   R"({"type":"sync","metadata":{}})",
                                   R"({"type":"sync","metadata":"text"})",
                                   R"({"type":"sync"})",
                                   R"({"metadata":[]})",
                                   R"({"type":"error","error":"no","metadata":[]})",
                                   R"({"error":"metadata"})",
                                   R"({"type":"sync","metadata":[]}{})",
                                   R"({"type":"sync","metadata":[]}x)",
                                   R"({"type":"sync","metadata":[]])"}) {
    EXPECT_FALSE(take(answer, answer.size() + 1).complete) << answer;
  }
}

TEST(ReadObject, HandsOnTheOneObjectThatMetadataIs) {
  std::vector<std::string> items;
  const auto sink = [&items](std::string_view item) -> Result<void> {
    items.emplace_back(item);
    return {};
  };
  EXPECT_TRUE(read_object(R"({"metadata" : {"a":{"metadata":[]}}, "type":"sync"})", sink));
  EXPECT_THAT(items, ElementsAre(R"({"a":{"metadata":[]}})"));
  for (const char* body :
       {"", "{}", "[]", "{", R"({"type":"sync"})", R"({"type":"sync","metadata":[]})",
        R"({"type":"sync","metadata":null})", R"({"type":"error","metadata":{}})",
        R"({"type":"sync","metadata":{"a":1)"}) {
    EXPECT_FALSE(read_object(body, sink)) << body;
  }
  EXPECT_THAT(items, SizeIs(1));
}

TEST(ListAnswer, TheErrorIsTheEnginesOwn) {
  EXPECT_EQ(error_text(R"({"type":"error","error":"Project not found","error_code":404})"),
            "Project not found");
  EXPECT_EQ(error_text("404 page not found"), "404 page not found");
  EXPECT_THAT(error_text(std::string(5000, 'x')), HasSubstr("…"));
}

}  // namespace
}  // namespace rollcall::incus
