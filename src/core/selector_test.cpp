#include "core/selector.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/instance.hpp>

#include "core/filter.hpp"
#include "core/selector_cases.hpp"

namespace rollcall {
namespace {

using testing::HasSubstr;

bool matches(std::string_view selector, const std::vector<Labels::Entry>& labels) {
  const auto parsed = Selector::parse(selector);
  EXPECT_TRUE(parsed.has_value()) << selector;
  return parsed && parsed->matches(Labels(labels));
}

TEST(Selector, MatchesWhatTheTableSays) {
  for (const auto& [selector, names] : test::right_selectors) {
    const auto parsed = Selector::parse(selector);
    ASSERT_TRUE(parsed.has_value()) << selector << ": " << parsed.error();
    std::string found;
    for (const test::Labelled& one : test::labelled()) {
      if (parsed->matches(Labels(one.labels))) found += one.name;
    }
    EXPECT_EQ(found, names) << selector;
  }
}

TEST(Selector, IsAFilterOfTheCommandLine) {
  for (const auto& [selector, names] : test::right_selectors) {
    const auto filters = Filters::parse(std::vector{"selector=" + std::string(selector)});
    ASSERT_TRUE(filters.has_value()) << selector;
    std::string found;
    for (const test::Labelled& one : test::labelled()) {
      Instance instance;
      instance.labels = Labels(one.labels);
      if (filters->matches(instance)) found += one.name;
    }
    EXPECT_EQ(found, names) << selector;
  }
}

TEST(Selector, ThatIsWrongIsRefusedWithASentence) {
  for (const std::string_view wrong : test::wrong_selectors) {
    const auto parsed = Selector::parse(wrong);
    ASSERT_FALSE(parsed.has_value()) << wrong;
    EXPECT_THAT(parsed.error(), HasSubstr("the label selector '")) << wrong;
    const auto filters = Filters::parse(std::vector{"selector=" + std::string(wrong)});
    ASSERT_FALSE(filters.has_value()) << wrong;
    EXPECT_EQ(filters.error(), parsed.error());
  }
}

TEST(Selector, SaysWhatWouldBeRight) {
  for (const char* wrong : {"a b", "=x", "app in web)", "app within (a)", "!(", "a,=b", "in (a)"}) {
    EXPECT_THAT(Selector::parse(wrong).error(), HasSubstr("app in (web,api)")) << wrong;
  }
  EXPECT_THAT(Selector::parse("a b").error(), HasSubstr("'b' stands where =, !="));
  EXPECT_THAT(Selector::parse("a,").error(), HasSubstr("the end stands where a key"));
  EXPECT_THAT(Selector::parse("a>b").error(), HasSubstr("'b' is no whole number"));
  EXPECT_THAT(Selector::parse("a=x/y").error(), HasSubstr("label=KEY=VALUE"));
  EXPECT_THAT(Selector::parse("a:b").error(), HasSubstr("label=KEY asks"));
}

TEST(Selector, OfKeysIsAsLongAsKubernetesLetsThemBe) {
  const std::string longest(63, 'a');
  std::string prefix;
  while (prefix.size() < 250) prefix += "abc.";
  prefix += "a";
  EXPECT_TRUE(Selector::parse(prefix + "/" + longest + "=" + longest));
  EXPECT_FALSE(Selector::parse(longest + "a"));
  EXPECT_FALSE(Selector::parse(prefix + ".abc/" + longest));
}

TEST(Selector, HasNoNul) {
  EXPECT_FALSE(Selector::parse(std::string_view("a\0", 2)));
  EXPECT_FALSE(Selector::parse(std::string_view("a,\0", 3)));
  EXPECT_FALSE(Selector::parse(std::string_view("a=\0b", 4)));
}

TEST(Selector, IsBounded) {
  std::string text = "a0";
  for (int i = 1; i < 32; ++i) text += ",a" + std::to_string(i);
  EXPECT_TRUE(Selector::parse(text));
  EXPECT_TRUE(Selector::parse(text + ",a7,a0")) << "each counts once";
  EXPECT_THAT(Selector::parse(text + ",more").error(), HasSubstr("32 requirements"));
  std::string values = "x0";
  for (int i = 1; i < 1200; ++i) values += ",x" + std::to_string(i);
  EXPECT_THAT(Selector::parse("a in (" + values + ")").error(), HasSubstr("1024 values"));
}

TEST(Selector, CountsWhatIsSaidTwiceOnce) {
  Selector selector;
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(selector.add("app in (web,web),!canary"));
  EXPECT_TRUE(selector.matches(Labels({{"app", "web"}})));
  EXPECT_FALSE(selector.matches(Labels({{"app", "web"}, {"canary", ""}})));
}

TEST(Selector, AsksForSeveralThingsOfOneLabel) {
  EXPECT_TRUE(matches("z,app,app!=db,app in (web,api)", {{"app", "web"}, {"b", ""}, {"z", ""}}));
  EXPECT_FALSE(matches("app,app!=web", {{"a", ""}, {"app", "web"}}));
}

TEST(Selector, OfNothingIsEmpty) {
  EXPECT_TRUE(Selector::parse("")->empty());
  EXPECT_TRUE(Filters::parse(std::vector<std::string>{"selector="})->empty());
  EXPECT_FALSE(Filters::parse(std::vector<std::string>{"selector=!a"})->empty());
}

TEST(Selector, OfSeveralFiltersAllMustHold) {
  const auto filters =
      Filters::parse(std::vector<std::string>{"selector=app", "selector=!tier", "name=b"});
  ASSERT_TRUE(filters);
  Instance instance;
  instance.name = "b";
  instance.labels = Labels({{"app", "web"}});
  EXPECT_TRUE(filters->matches(instance));
  instance.labels = Labels({{"app", "web"}, {"tier", ""}});
  EXPECT_FALSE(filters->matches(instance));
}

}  // namespace
}  // namespace rollcall
