#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rollcall/labels.hpp>

namespace rollcall {
namespace {

std::vector<Labels::Entry> entries_of(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

TEST(Labels, AreSortedByKey) {
  const Labels labels({{"b", "2"}, {"c", "3"}, {"a", "1"}});
  const std::vector<Labels::Entry> sorted{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(entries_of(labels), sorted);
  EXPECT_EQ(labels.size(), 3U);
}

TEST(Labels, OfSeveralWithOneKeyTheLastCounts) {
  const Labels labels({{"a", "first"}, {"b", ""}, {"a", "second"}, {"a", "last"}});
  EXPECT_EQ(labels.find("a"), "last");
  EXPECT_EQ(labels.size(), 2U);
}

TEST(Labels, AKeyIsFoundByItsWholeName) {
  const Labels labels({{"app", "web"}, {"app.kubernetes.io/name", "api"}});
  EXPECT_EQ(labels.find("app"), "web");
  EXPECT_EQ(labels.find("app.kubernetes.io/name"), "api");
  EXPECT_EQ(labels.find("ap"), std::nullopt);
  EXPECT_EQ(labels.find("zebra"), std::nullopt);
}

TEST(Labels, KeysThatEverybodyUsesAreKeysLikeOthers) {
  const Labels labels({{"maintainer", "x"},
                       {"com.docker.compose.projects", "no"},
                       {"com.docker.compose.project", "shop"},
                       {"com.docker.compose.service", "web"}});
  const std::vector<Labels::Entry> sorted{{"com.docker.compose.project", "shop"},
                                          {"com.docker.compose.projects", "no"},
                                          {"com.docker.compose.service", "web"},
                                          {"maintainer", "x"}};
  EXPECT_EQ(entries_of(labels), sorted);
  EXPECT_EQ(labels.find("com.docker.compose.project"), "shop");
  EXPECT_EQ(labels.find("com.docker.compose.version"), std::nullopt);
}

TEST(Labels, TextOfEveryLengthComesBack) {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 16383U, 16384U, 100000U}) {
    const std::string text(size, 'x');
    const Labels labels({{text, text}, {"z", text}});
    EXPECT_EQ(labels.find(text), text) << size;
    EXPECT_EQ(labels.find("z"), text) << size;
  }
}

TEST(Labels, AnEmptyValueIsNotAnAbsentOne) {
  const Labels labels({{"flag", ""}});
  EXPECT_EQ(labels.find("flag"), "");
  EXPECT_FALSE(labels.empty());
}

TEST(Labels, NoneIsEmpty) {
  const Labels labels{std::vector<Labels::Entry>{}};
  EXPECT_TRUE(labels.empty());
  EXPECT_EQ(labels.size(), 0U);
  EXPECT_EQ(labels.begin(), labels.end());
  EXPECT_EQ(labels.find(""), std::nullopt);
}

TEST(Labels, AnyByteMayOccur) {
  using namespace std::string_view_literals;
  const Labels labels({{"k\0ey"sv, "\xff\0"sv}, {""sv, "nameless"sv}});
  EXPECT_EQ(labels.find("k\0ey"sv), "\xff\0"sv);
  EXPECT_EQ(labels.find(""), "nameless");
}

TEST(Labels, AMegabyteOfValueIsKept) {
  const std::string huge(1 << 20, 'x');
  const Labels labels({{"huge", huge}, {"small", "y"}});
  EXPECT_EQ(labels.find("huge"), huge);
  EXPECT_EQ(labels.find("small"), "y");
}

TEST(Labels, AreEqualWhateverTheOrderTheyCameIn) {
  EXPECT_EQ(Labels({{"a", "1"}, {"b", "2"}}), Labels({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(Labels({{"a", "1"}}), Labels({{"a", "2"}}));
  EXPECT_NE(Labels({{"ab", "c"}}), Labels({{"a", "bc"}}));
}

TEST(Labels, OwnTheirText) {
  Labels labels;
  {
    const std::string key = "a key that is too long for the small string buffer";
    labels = Labels({{key, key}});
  }
  EXPECT_EQ(labels.find("a key that is too long for the small string buffer"),
            "a key that is too long for the small string buffer");
}

}  // namespace
}  // namespace rollcall
