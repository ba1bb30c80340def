#include "cli/remote/differences.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

InstancePtr instance(const std::string& id, const std::string& name = "n") {
  Instance it;
  it.key = {.backend = "docker", .endpoint = "e", .id = id};
  it.name = name;
  return std::make_shared<const Instance>(std::move(it));
}

std::vector<std::string> words(const std::vector<RuntimeEvent>& events) {
  std::vector<std::string> all;
  for (const RuntimeEvent& event : events) {
    all.push_back(std::string(type_of(event)) + " " + key_of(event)->id);
  }
  return all;
}

TEST(DaemonDifferences, ComeInTheOrderOfAReconciliation) {
  const std::vector<InstancePtr> before = {instance("a"), instance("b"), instance("c"),
                                           instance("e")};
  const std::vector<InstancePtr> now = {instance("0"), instance("b", "other"), instance("c"),
                                        instance("d")};
  EXPECT_THAT(words(differences(before, now, Cause::resync)),
              ElementsAre("stopped a", "stopped e", "updated b", "started 0", "started d"));
}

TEST(DaemonDifferences, OfNothingAreAll) {
  const std::vector<InstancePtr> some = {instance("a"), instance("b")};
  EXPECT_THAT(words(differences({}, some, Cause::initial)), ElementsAre("started a", "started b"));
  EXPECT_THAT(words(differences(some, {}, Cause::resync)), ElementsAre("stopped a", "stopped b"));
  EXPECT_THAT(differences(some, some, Cause::resync), IsEmpty());
}

}  // namespace
}  // namespace rollcall::cli
