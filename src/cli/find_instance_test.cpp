#include "cli/find_instance.hpp"

#include <string>
#include <vector>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

InstancePtr made(std::string id, std::string name, std::string group = "", std::string service = "",
                 std::string said = "") {
  Instance instance = web_instance();
  instance.key.id = std::move(id);
  instance.name = std::move(name);
  instance.group = std::move(group);
  instance.service = std::move(service);
  if (!said.empty()) {
    Metadata metadata;
    metadata.name = {.value = std::move(said), .source = "koi.name"};
    instance.metadata = std::make_shared<const Metadata>(metadata);
  }
  return shared(std::move(instance));
}

const std::vector<InstancePtr>& roll() {
  static const std::vector<InstancePtr> all{
      made("4f0c11", "web", "shop", "front"), made("4f0c22", "db", "shop", "store"),
      made("77aa33", "Wiki", "", "", "Our wiki"), made("web", "other"),
      made("88bb44", "db", "blog", "store")};
  return all;
}

std::vector<std::string> ids_of(std::string_view word) {
  std::vector<std::string> ids;
  for (const InstancePtr& instance : find_instances(roll(), word)) ids.push_back(instance->key.id);
  return ids;
}

TEST(FindInstance, ByEachRuleTheFirstThatFits) {
  EXPECT_THAT(ids_of("77aa33"), ElementsAre("77aa33"));
  EXPECT_THAT(ids_of("Wiki"), ElementsAre("77aa33"));
  EXPECT_THAT(ids_of("web"), ElementsAre("web")) << "an id is better than a name";
  EXPECT_THAT(ids_of("shop/db"), ElementsAre("4f0c22"));
  EXPECT_THAT(ids_of("shop/front"), ElementsAre("4f0c11"));
  EXPECT_THAT(ids_of("Our wiki"), ElementsAre("77aa33"));
  EXPECT_THAT(ids_of("77"), ElementsAre("77aa33"));
  EXPECT_THAT(ids_of("wiki"), ElementsAre("77aa33"));
}

TEST(FindInstance, SeveralAreCandidates) {
  EXPECT_THAT(ids_of("db"), ElementsAre("4f0c22", "88bb44"));
  EXPECT_THAT(ids_of("4f0c"), ElementsAre("4f0c11", "4f0c22"));
}

TEST(FindInstance, NothingIsNothing) {
  EXPECT_THAT(ids_of(""), IsEmpty());
  EXPECT_THAT(ids_of("nobody"), IsEmpty());
  EXPECT_THAT(ids_of("/"), IsEmpty());
  EXPECT_THAT(nothing_found(roll(), "Wikii"), HasSubstr("did you mean 'Wiki'"));
  EXPECT_THAT(nothing_found(roll(), "a\x1b"), HasSubstr("\\x1b"));
}

TEST(FindInstance, CandidatesAreShown) {
  const auto found = find_instances(roll(), "db");
  const std::string table = candidates_table(found, 0, false);
  EXPECT_THAT(table, HasSubstr("4f0c22"));
  EXPECT_THAT(table, HasSubstr("88bb44"));
  EXPECT_THAT(boost::json::serialize(candidates_json(found)),
              HasSubstr(R"({"candidates":[{"key":{"backend":"docker",)"));
}

}  // namespace
}  // namespace rollcall::cli
