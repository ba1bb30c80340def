#include "server/access/local_peer.hpp"

#include <array>
#include <filesystem>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::server {
namespace {

using support::Fd;

/// A connection within this host: the client's socket and the accepted one.
struct Pair {
  Fd client;
  Fd accepted;
};

Pair connected(int family, int client_family) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = family == client_family ? sockaddr_in6{}.sin6_addr : in6addr_any;
  if (family == client_family) v6.sin6_addr = in6addr_loopback;
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const address =
      family == AF_INET ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
  const Fd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(listener.get(), address, size), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), address, &size), 0);
  if (family != client_family) v4.sin_port = v6.sin6_port;
  auto* const to = client_family == AF_INET ? reinterpret_cast<sockaddr*>(&v4) : address;
  Fd client(::socket(client_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), to, client_family == AF_INET ? sizeof v4 : size), 0);
  return {.client = std::move(client), .accepted = Fd(::accept(listener.get(), nullptr, nullptr))};
}

TEST(LocalPeer, IsTheUserWhoseSocketItIs) {
  Pair gone = connected(AF_INET, AF_INET);
  gone.client.reset();
  EXPECT_EQ(user_of_peer(gone.accepted.get()), std::nullopt) << "its socket was closed before";
  for (const auto& [family, client] :
       {std::pair(AF_INET, AF_INET), std::pair(AF_INET6, AF_INET6), std::pair(AF_INET6, AF_INET)}) {
    const Pair pair = connected(family, client);
    EXPECT_EQ(user_of_peer(pair.accepted.get()), ::geteuid()) << family << ' ' << client;
    ::shutdown(pair.client.get(), SHUT_WR);
    EXPECT_EQ(user_of_peer(pair.accepted.get()), ::geteuid()) << "it may still read";
  }
}

TEST(LocalPeer, IsNobodyWhenItIsGone) {
  Pair pair = connected(AF_INET, AF_INET);
  pair.client.reset();
  EXPECT_EQ(user_of_peer(pair.accepted.get()), std::nullopt);
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
  const Fd one(sockets[0]);
  const Fd other(sockets[1]);
  EXPECT_EQ(user_of_peer(one.get()), std::nullopt) << "a Unix socket";
  EXPECT_EQ(user_of_peer(-1), std::nullopt);
}

class LocalUsersTest : public testing::Test {
 protected:
  LocalUsersTest() {
    folder_.write("passwd",
                  "root:x:0:0::/root:/bin/sh\nann:x:4001:4001::/:\nbob:x:4002:4100::/:\n"
                  "broken\neve:x:4003:4003::/:\n");
    folder_.write("group", "wheel:x:4100:\nours:x:4200:zoe,ann\nbroken:x\n");
    folder_.write("rollcall.sock", "");
    set_mode(0660);
  }
  void set_mode(unsigned mode, unsigned folder = 0755) const {
    std::filesystem::permissions(socket_, std::filesystem::perms(mode));
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(folder));
  }
  [[nodiscard]] bool admits(std::optional<uid_t> user) const {
    return LocalUsers(folder_.path() / "passwd", folder_.path() / "group").admits(user, {socket_});
  }
  void give_to(gid_t group) const { ASSERT_EQ(::chown(socket_.c_str(), 0, group), 0); }

  support::TempFolder folder_;
  std::string socket_ = folder_.path() / "rollcall.sock";
};

TEST_F(LocalUsersTest, AreRootAndOurOwn) {
  EXPECT_TRUE(admits(0));
  EXPECT_EQ(admits(::geteuid()), ::geteuid() != overflow_user);
  EXPECT_FALSE(admits(std::nullopt)) << "it cannot be told who asks";
  EXPECT_FALSE(admits(overflow_user)) << "anybody of another user namespace";
  EXPECT_FALSE(admits(4003));
}

TEST_F(LocalUsersTest, AreTheMembersOfTheGroupOfTheSocket) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to another group";
  give_to(4200);
  EXPECT_TRUE(admits(4001)) << "ann, who is named as a member";
  EXPECT_FALSE(admits(4002));
  EXPECT_FALSE(admits(4999)) << "whom no file names";
  give_to(4100);
  EXPECT_TRUE(admits(4002)) << "bob, whose own group it is";
  EXPECT_FALSE(admits(4001));
}

TEST_F(LocalUsersTest, AreNoMembersWhereTheGroupMayNotUseIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to another group";
  give_to(4100);
  set_mode(0600);
  EXPECT_FALSE(admits(4002));
  set_mode(0666, 0700);
  EXPECT_FALSE(admits(4002)) << "the folder is closed to the group";
}

}  // namespace
}  // namespace rollcall::server
