#include <gtest/gtest.h>
#include <rollcall/inventory.hpp>

#include "support/fake_engine.hpp"

namespace rollcall {
namespace {

using test::make_instance;

TEST(Inventory, IsTheFoldOfTheEvents) {
  Inventory inventory;
  const InstancePtr a = make_instance("1", "a");
  const InstancePtr b = make_instance("2", "b");
  const InstancePtr a2 = make_instance("1", "a2");
  inventory.apply(Started{b, Cause::initial});
  inventory.apply(Started{a, Cause::initial});
  inventory.apply(Updated{a2, Cause::live});
  EXPECT_EQ(inventory.find(a->key), a2);
  EXPECT_EQ(inventory.list(), (std::vector<InstancePtr>{a2, b}));
  inventory.apply(Stopped{"1", "a2", a2, Cause::live});
  EXPECT_EQ(inventory.find(a->key), nullptr);
  EXPECT_EQ(inventory.size(), 1U);
}

TEST(Inventory, DisconnectedIsNotStopped) {
  Inventory inventory;
  inventory.apply(Started{make_instance("1", "a"), Cause::initial});
  inventory.apply(BackendDisconnected{"fake", "a", "cut"});
  EXPECT_EQ(inventory.size(), 1U);
  EXPECT_EQ(inventory.stale_reason("fake", "a"), "cut");
  inventory.apply(BackendReconnected{"fake", "a"});
  EXPECT_EQ(inventory.stale_reason("fake", "a"), "");
}

TEST(Inventory, TwoEnginesOfOneRuntimeAreAwayEachByItself) {
  Inventory inventory;
  inventory.apply(BackendDisconnected{"docker", "a", "cut"});
  inventory.apply(BackendDisconnected{"docker", "b", "killed"});
  inventory.apply(BackendReconnected{"docker", "a"});
  EXPECT_EQ(inventory.stale_reason("docker", "a"), "");
  EXPECT_EQ(inventory.stale_reason("docker", "b"), "killed");
}

}  // namespace
}  // namespace rollcall
