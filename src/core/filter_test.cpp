#include "core/filter.hpp"

#include <gtest/gtest.h>

#include "cli/test_instances.hpp"

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
}

}  // namespace
}  // namespace rollcall
