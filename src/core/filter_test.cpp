#include "core/filter.hpp"

#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall {
namespace {

using cli::web_instance;

bool matches(const std::vector<std::string>& words, const Instance& instance) {
  const auto filters = Filters::parse(words);
  EXPECT_TRUE(filters.has_value());
  return filters && filters->matches(instance);
}

std::string error_of(const std::string& word) {
  const auto filters = Filters::parse(std::vector{word});
  return filters ? "" : filters.error();
}

TEST(Filters, NothingMatchesAll) {
  EXPECT_TRUE(matches({}, web_instance()));
}

TEST(Filters, OneKeyIsAlternatives) {
  EXPECT_TRUE(matches({"state=paused", "state=running"}, web_instance()));
  EXPECT_FALSE(matches({"state=paused", "state=restarting"}, web_instance()));
}

TEST(Filters, DifferentKeysMustAllHold) {
  EXPECT_TRUE(matches({"state=running", "name=web"}, web_instance()));
  EXPECT_FALSE(matches({"state=running", "name=db"}, web_instance()));
}

TEST(Filters, NamesByPartOrPattern) {
  EXPECT_TRUE(matches({"name=we"}, web_instance()));
  EXPECT_TRUE(matches({"name=w*"}, web_instance()));
  EXPECT_FALSE(matches({"name=w?"}, web_instance())) << "a pattern is for the whole name";
}

TEST(Filters, LabelsByKeyOrValue) {
  Instance instance = web_instance();
  instance.labels = Labels({{"tier", "a=b"}});
  EXPECT_TRUE(matches({"label=tier"}, instance));
  EXPECT_TRUE(matches({"label=tier=a=b"}, instance));
  EXPECT_FALSE(matches({"label=tier=a"}, instance));
  EXPECT_FALSE(matches({"label=other"}, instance));
}

TEST(Filters, RuntimeByAnyOfItsNames) {
  Instance instance = web_instance();
  instance.key.backend = "incus";
  EXPECT_TRUE(matches({"runtime=lxd"}, instance));
  instance.key.backend = "lxd";  // as it is shown
  EXPECT_TRUE(matches({"runtime=incus"}, instance));
  EXPECT_TRUE(matches({"runtime=lxd"}, instance));
  EXPECT_FALSE(matches({"runtime=docker"}, instance));
}

TEST(Filters, ErrorsSayWhatWouldBeRight) {
  EXPECT_NE(error_of("nane=web").find("did you mean 'name'?"), std::string::npos);
  EXPECT_NE(error_of("state=up").find("running, paused"), std::string::npos);
  EXPECT_NE(error_of("web").find("name=web"), std::string::npos);
  EXPECT_NE(error_of("name=").find("needs a value"), std::string::npos);
  EXPECT_NE(error_of("label==x").find("names no label"), std::string::npos);
}

TEST(Filters, AreBounded) {
  std::vector<std::string> words;
  for (int i = 0; i < 32; ++i) words.push_back("name=n" + std::to_string(i));
  EXPECT_TRUE(Filters::parse(words));
  words.emplace_back("group=shop");
  EXPECT_NE(Filters::parse(words).error().find("32 are as many"), std::string::npos);
  EXPECT_NE(error_of("name=*" + std::string(512, 'a')).find("512 bytes"), std::string::npos);
  EXPECT_TRUE(Filters::parse(std::vector{"name=" + std::string(5000, 'a')}))
      << "that is no pattern";
}

TEST(Filters, CountEachOnce) {
  EXPECT_FALSE(matches(std::vector<std::string>(3000, "name=db"), web_instance()));
  EXPECT_TRUE(matches(std::vector<std::string>(3000, "name=w*"), web_instance()));
}

TEST(Filters, LabelsAreAlternativesOfOneKey) {
  Instance instance = web_instance();
  instance.labels = Labels({{"a", "1"}, {"c", "3"}, {"e", "5"}});
  EXPECT_TRUE(matches({"label=b", "label=c=4", "label=c=3"}, instance));
  EXPECT_FALSE(matches({"label=b", "label=c=4", "label=d"}, instance));
  EXPECT_TRUE(matches({"label=z", "label=e"}, instance));
}

TEST(Filters, GroupsAreWholeOrAPattern) {
  Instance instance = web_instance();
  instance.group = "shop";
  EXPECT_TRUE(matches({"group=a", "group=shop"}, instance));
  EXPECT_TRUE(matches({"group=s[a-h]*"}, instance));
  EXPECT_FALSE(matches({"group=sho"}, instance));
}

}  // namespace
}  // namespace rollcall
