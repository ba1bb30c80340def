#include "server/guests.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

using All = std::vector<std::shared_ptr<const Guests::Guest>>;

class ServerGuests : public testing::Test {
 protected:
  bool admit(const Client& client) {
    here_.push_back(guests_.admit(client));
    if (here_.back()) return true;
    here_.pop_back();
    return false;
  }

  Limits limits_{.connections = 5, .connections_of_peer = 2};
  Stats stats_;
  Guests guests_{limits_, stats_};
  All here_;
};

TEST_F(ServerGuests, AreNoMoreThanTheLimit) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit({.address = "127.0.0.1"}));
  EXPECT_FALSE(admit({.address = "127.0.0.1"}));
  EXPECT_FALSE(admit({.door = Client::Door::unix_socket}));
  EXPECT_EQ(stats_.connections, 5U);
  EXPECT_EQ(stats_.refused_connections, 2U);
  here_.pop_back();
  EXPECT_TRUE(admit({.address = "::1"}));
}

TEST_F(ServerGuests, OfOneOtherHostAreFewer) {
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
  EXPECT_FALSE(admit({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit({.address = "192.0.2.2"})) << "others are not concerned";
  here_.erase(here_.begin());
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
}

TEST_F(ServerGuests, LeaveNothingBehind) {
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit({.door = Client::Door::unix_socket}));
  here_.clear();
  EXPECT_EQ(stats_.connections, 0U);
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
}

}  // namespace
}  // namespace rollcall::server
