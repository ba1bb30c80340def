#include "backends/docker_api/environment.hpp"

#include <string>

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "core/json/json.hpp"
#include "core/labels/metadata.hpp"

namespace rollcall::docker_api {
namespace {

constexpr std::string_view inspect =
    R"({"Id":"a","Config":{"Hostname":"h","Env":["PATH=/bin","PASSWORD=s3cr3t",)"
    R"("VIRTUAL_HOST=a.example","VIRTUAL_PORT=80x","SERVICE_PASSWORD=s3cr3t","SERVICE_NAME=shop",)"
    R"("EMPTY=","alone"],"Labels":{}},"State":{}})";

TEST(Environment, OnlyWhatToolsTakeForLabelsIsKept) {
  EXPECT_EQ(
      readable_environment(inspect),
      Labels({{"SERVICE_NAME", "shop"}, {"VIRTUAL_HOST", "a.example"}, {"VIRTUAL_PORT", "80x"}}));
}

TEST(Environment, WhatIsNoAnswerSaysNothing) {
  for (const std::string_view answer :
       {"", "{", "[]", "{}", R"({"Config":7})", R"({"Config":{"Env":null}})",
        R"({"Config":{"Env":"VIRTUAL_HOST=a"}})", R"({"Config":{"Env":[7]}})"}) {
    EXPECT_TRUE(readable_environment(answer).empty()) << answer;
  }
}

TEST(Environment, IsTheWeakestOfTheLabelsAndIsNotShown) {
  Instance instance;
  instance.labels = Labels({{"koi.name", "Shop"}, {"koi.enable", "x"}});
  MetadataReading of_labels = read_metadata(instance.labels);
  instance.metadata = of_labels.metadata;
  instance.problems = of_labels.problems;
  apply_environment(instance, readable_environment(inspect));
  EXPECT_EQ(instance.metadata->name->value, "Shop");
  EXPECT_EQ(instance.metadata->routes.at(0).source, "env VIRTUAL_HOST");
  ASSERT_EQ(instance.problems.size(), 2U);
  EXPECT_EQ(instance.problems[0].where, "env VIRTUAL_PORT");
  EXPECT_EQ(instance.problems[1].where, "koi.enable");
  const std::string shown = json_text(instance);
  EXPECT_FALSE(shown.contains("s3cr3t")) << shown;
  EXPECT_FALSE(shown.contains("80x")) << shown;
}

TEST(Environment, NothingOfItChangesNothing) {
  Instance instance;
  apply_environment(instance, readable_environment(R"({"Config":{"Env":["PATH=/bin"]}})"));
  EXPECT_EQ(instance.metadata, nullptr);
  EXPECT_TRUE(instance.problems.empty());
}

}  // namespace
}  // namespace rollcall::docker_api
