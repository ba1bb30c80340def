#include "server/access/guests.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"

namespace rollcall::server {
namespace {

using testing::ElementsAre;

class ServerGuests : public testing::Test {
 protected:
  /// Whether the client is admitted. It is then added to here_, and to gone_ when it is sent away.
  bool admit(const Client& client, bool securing = false, bool scarce = false) {
    GuestPtr guest = guests_.admit({.client = client, .securing = securing, .scarce = scarce});
    if (!guest) return false;
    const std::size_t number = here_.size();
    guest->when_sent_away([this, number] { gone_.push_back(number); });
    here_.push_back(std::move(guest));
    return true;
  }

  /// Admits a client that is being answered for as long as the test lasts.
  bool admit_busy(const Client& client) {
    if (!admit(client)) return false;
    busy_.push_back(std::make_unique<Guests::Guest::Busy>(*here_.back()));
    return true;
  }

  Limits limits_{.connections = 5, .connections_of_peer = 2};
  Stats stats_;
  Guests guests_{limits_, stats_};
  std::vector<GuestPtr> here_;
  std::vector<std::unique_ptr<Guests::Guest::Busy>> busy_;
  std::vector<std::size_t> gone_;
};

const Client local{.address = "127.0.0.1"};
const Client neighbour{.door = Client::Door::unix_socket};

TEST_F(ServerGuests, AreNoMoreThanTheLimit) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit_busy(local));
  EXPECT_FALSE(admit(local));
  EXPECT_EQ(stats_.connections, 5U);
  EXPECT_EQ(stats_.refused_connections, 1U);
  busy_.pop_back();
  here_.pop_back();
  EXPECT_TRUE(admit({.address = "::1"}));
}

TEST_F(ServerGuests, OfASocketHavePlacesOfTheirOwn) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit_busy(local));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit(neighbour));
  EXPECT_FALSE(admit(neighbour));
  EXPECT_EQ(stats_.connections, 10U);
  EXPECT_THAT(gone_, ElementsAre());
}

TEST_F(ServerGuests, WhoHaveShownTheTokenLeaveTheirPlacesToOthers) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(admit(local));
    here_.back()->trust(true);
  }
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit_busy(local));
  EXPECT_FALSE(admit(local)) << "none of the trusted is sent away for a stranger";
  EXPECT_FALSE(admit(neighbour));
  EXPECT_THAT(gone_, ElementsAre());
  here_.front()->trust(false);
  EXPECT_TRUE(admit(neighbour));
  EXPECT_EQ(stats_.connections, 11U);
}

TEST_F(ServerGuests, WhoWaitLongestAreSentAway) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(admit(local));
  {
    const Guests::Guest::Busy answered(*here_[0]);
  }
  busy_.push_back(std::make_unique<Guests::Guest::Busy>(*here_[1]));
  EXPECT_TRUE(admit(local));
  EXPECT_TRUE(admit(local));
  EXPECT_THAT(gone_, ElementsAre(2, 3)) << "the first waits anew, the second is being answered";
  EXPECT_EQ(guests_.leaving(), 2U);
  EXPECT_EQ(stats_.connections, 5U);
  busy_.clear();
  here_.clear();
  EXPECT_EQ(stats_.connections, 0U);
  EXPECT_EQ(guests_.leaving(), 0U);
}

TEST_F(ServerGuests, OfOneOtherHostAreFewer) {
  EXPECT_TRUE(admit_busy({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit_busy({.address = "192.0.2.1"}));
  EXPECT_FALSE(admit({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit({.address = "192.0.2.2"})) << "others are not concerned";
  busy_.clear();
  EXPECT_TRUE(admit({.address = "192.0.2.1"})) << "one of its own makes room";
  EXPECT_THAT(gone_, ElementsAre(0));
}

TEST_F(ServerGuests, OfTheMostCrowdedHostAreSentAwayFirst) {
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
  for (const char* address : {"192.0.2.2", "192.0.2.2", "192.0.2.3", "192.0.2.3"}) {
    EXPECT_TRUE(admit({.address = address}));
  }
  EXPECT_TRUE(admit({.address = "192.0.2.4"}));
  EXPECT_THAT(gone_, ElementsAre(1)) << "who is alone waits longest, and is no crowd";
}

TEST_F(ServerGuests, AreOnePeerInANetworkOfIpv6) {
  EXPECT_TRUE(admit_busy({.address = "2001:db8:1:2::1"}));
  EXPECT_TRUE(admit_busy({.address = "2001:db8:1:2:ffff::9"}));
  EXPECT_FALSE(admit({.address = "2001:db8:1:2::3"}));
  EXPECT_TRUE(admit({.address = "2001:db8:1:3::1"}));
}

TEST(ServerPeers, AreAddressesOfIpv4AndNetworksOfIpv6) {
  const auto of = [](std::string address) { return peer_of({.address = std::move(address)}); };
  EXPECT_EQ(of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(of("2001:db8::1"), "2001:db8::/64");
  EXPECT_EQ(of("2001:db8::ffff:1:2:3"), of("2001:db8::1"));
  EXPECT_NE(of("2001:db8:0:1::1"), of("2001:db8::1"));
  for (const char* here : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(of(here), "") << here;
  }
  EXPECT_EQ(peer_of(neighbour), "");
}

TEST_F(ServerGuests, InHandshakesAreNoMoreThanTheirBudget) {
  limits_.connections = 10'000;
  for (std::size_t i = 0; i < budget::handshakes; ++i) EXPECT_TRUE(admit(local, true));
  here_[0]->secured();
  EXPECT_TRUE(admit(local, true));
  EXPECT_THAT(gone_, ElementsAre());
  EXPECT_TRUE(admit(local, true));
  EXPECT_THAT(gone_, ElementsAre(1));
  EXPECT_TRUE(admit(local)) << "without a handshake there is room";
  EXPECT_THAT(gone_, ElementsAre(1));
}

TEST_F(ServerGuests, MakeRoomWhenDescriptorsAreScarce) {
  EXPECT_FALSE(admit(local, false, true)) << "there is none to send away";
  EXPECT_TRUE(admit(local));
  EXPECT_TRUE(admit(local, false, true));
  EXPECT_THAT(gone_, ElementsAre(0));
  EXPECT_TRUE(admit(neighbour, false, true));
  EXPECT_THAT(gone_, ElementsAre(0, 1));
  EXPECT_FALSE(admit(neighbour, false, true)) << "neighbours are not sent away";
}

TEST_F(ServerGuests, GiveUpTheirPlaceOnce) {
  EXPECT_TRUE(admit(local));
  here_.front()->leave();
  EXPECT_EQ(stats_.connections, 0U);
  here_.front()->trust(true);
  here_.clear();
  EXPECT_EQ(stats_.connections, 0U);
}

TEST_F(ServerGuests, LeaveNothingBehind) {
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
  EXPECT_TRUE(admit(neighbour));
  here_.clear();
  EXPECT_EQ(stats_.connections, 0U);
  EXPECT_TRUE(admit({.address = "192.0.2.1"}));
}

}  // namespace
}  // namespace rollcall::server
