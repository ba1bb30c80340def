#include "backends/host/network.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::host {
namespace {

TEST(HostNetworks, HaveTheLoopbackAndNameEachInterface) {
  const HostNetwork network = look_at_network();
  const auto loopback = std::ranges::find(
      network.addresses, boost::asio::ip::make_address("127.0.0.1"), &InterfaceAddress::address);
  ASSERT_NE(loopback, network.addresses.end());
  EXPECT_EQ(loopback->interface, "lo");
  for (const InterfaceAddress& it : network.addresses) {
    EXPECT_FALSE(it.interface.empty()) << it.address;
    EXPECT_GT(it.index, 0U) << it.address;
  }
}

TEST(HostNetworks, HaveARangeOfPortsThatTheKernelChoosesFrom) {
  const HostNetwork network = look_at_network();
  EXPECT_GT(network.first_ephemeral_port, 0);
  EXPECT_LT(network.first_ephemeral_port, network.last_ephemeral_port);
}

TEST(HostNetworks, AreTheSameWhileNothingChanges) {
  EXPECT_EQ(look_at_network(), look_at_network());
}

}  // namespace
}  // namespace rollcall::host
