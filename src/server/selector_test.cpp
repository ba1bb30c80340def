#include "server/selector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

using testing::HasSubstr;

bool matches(std::string_view selector, const std::vector<Labels::Entry>& labels) {
  const auto parsed = Selector::parse(selector);
  EXPECT_TRUE(parsed.has_value()) << selector;
  return parsed && parsed->matches(Labels(labels));
}

TEST(ServerSelector, OfNothingMatchesAll) {
  EXPECT_TRUE(matches("", {}));
  EXPECT_TRUE(Selector::parse("")->empty());
}

TEST(ServerSelector, EveryRequirementMustHold) {
  EXPECT_TRUE(matches("app=web,tier==front", {{"app", "web"}, {"tier", "front"}}));
  EXPECT_FALSE(matches("app=web,tier=front", {{"app", "web"}}));
}

TEST(ServerSelector, AsksForAKeyOrItsAbsence) {
  EXPECT_TRUE(matches("app", {{"app", ""}}));
  EXPECT_FALSE(matches("app", {}));
  EXPECT_TRUE(matches("!app", {}));
  EXPECT_FALSE(matches("! app", {{"app", "web"}}));
}

TEST(ServerSelector, WhatSaysWhatItIsNotHoldsForThoseWithoutIt) {
  EXPECT_TRUE(matches("app!=web", {}));
  EXPECT_TRUE(matches("app != web", {{"app", "db"}}));
  EXPECT_FALSE(matches("app!=web", {{"app", "web"}}));
  EXPECT_TRUE(matches("app notin (web, db)", {}));
  EXPECT_FALSE(matches("app notin (web,db)", {{"app", "db"}}));
}

TEST(ServerSelector, TakesSets) {
  EXPECT_TRUE(matches("app in (web, api),tier", {{"app", "api"}, {"tier", "x"}}));
  EXPECT_FALSE(matches("app in (web,api)", {{"app", "db"}}));
  EXPECT_FALSE(matches("app in (web,api)", {}));
}

TEST(ServerSelector, SaysWhatWouldBeRight) {
  for (const char* wrong : {"a b", "=x", "app in web)", "app within (a)", "!(", "a,=b", "in (a)"}) {
    const auto parsed = Selector::parse(wrong);
    ASSERT_FALSE(parsed.has_value()) << wrong;
    EXPECT_THAT(parsed.error(), HasSubstr("app in (web,api)")) << wrong;
  }
}

}  // namespace
}  // namespace rollcall::server
