#include "assembly/registry.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/runtimes.hpp"

namespace rollcall {
namespace {

TEST(Registry, HasTheRuntimesOfTheTableInItsOrder) {
  std::vector<RuntimeBackendKind> registered;
  for (const Runtime* each : registered_runtimes()) registered.push_back(each->traits.kind);
  std::vector<RuntimeBackendKind> named;
  for (const RuntimeTraits* each : runtimes()) named.push_back(each->kind);
  EXPECT_EQ(registered, named);
  EXPECT_EQ(runtime_of(RuntimeBackendKind::automatic), nullptr);
}

}  // namespace
}  // namespace rollcall
