#include "assembly/registry.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/runtimes.hpp"

namespace rollcall {
namespace {

TEST(Registry, HasTheRuntimesOfTheTableInItsOrder) {
  std::vector<RuntimeBackendKind> registered;
  for (const BackendDescriptor& each : backend_descriptors()) registered.push_back(each.kind);
  std::vector<RuntimeBackendKind> named;
  for (const RuntimeTraits& each : runtimes()) named.push_back(each.kind);
  EXPECT_EQ(registered, named);
  EXPECT_EQ(descriptor_of(RuntimeBackendKind::automatic), nullptr);
}

}  // namespace
}  // namespace rollcall
