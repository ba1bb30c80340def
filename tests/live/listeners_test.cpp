// Real sockets of real processes, from this machine's kernel.
#include "hostview/listeners.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "support/listening.hpp"

namespace rollcall::support {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LiveListeners : public ::testing::Test {
 protected:
  ListenersPtr look() {
    auto seen = listeners.look();
    EXPECT_TRUE(seen.has_value()) << seen.error().describe();
    return *seen;
  }

  /// The listener with this inode: other programs of this machine listen, too.
  static std::optional<Listener> find(const ListenersSeen& seen, const Fd& socket) {
    const auto inode = [](const Listener& listener) { return listener.socket.inode; };
    const auto at = std::ranges::find(seen.listeners, inode_of(socket), inode);
    return at == seen.listeners.end() ? std::nullopt : std::optional(*at);
  }

  /// "tcp 127.0.0.1:PORT" with the port of the socket, and whether it is dual stack.
  std::string seen_as(const Fd& socket) {
    const auto seen = look();
    const auto found = find(*seen, socket);
    if (!found) return "not seen";
    EXPECT_EQ(found->socket.port, port_of(socket));
    EXPECT_EQ(found->socket.uid, ::geteuid());
    EXPECT_THAT(found->owners, ElementsAre(::getpid()));
    EXPECT_THAT(seen->owners.at(::getpid()).comm, "rollcall_live_t");
    return fmt::format("{} {}{}", to_string(found->socket.protocol),
                       found->socket.address.to_string(), found->socket.dual_stack ? " dual" : "");
  }

  HostViewPtr view = system_host_view();
  Listeners listeners{view};
};

TEST_F(LiveListeners, tells_tcp_and_udp) {
  EXPECT_EQ(seen_as(listen_at("127.0.0.1")), "tcp 127.0.0.1");
  EXPECT_EQ(seen_as(listen_at("0.0.0.0")), "tcp 0.0.0.0");
  EXPECT_EQ(seen_as(listen_at("127.0.0.1", {.udp = true})), "udp 127.0.0.1");
}

TEST_F(LiveListeners, tells_v6_only_from_dual_stack) {
  EXPECT_EQ(seen_as(listen_at("::1")), "tcp ::1");
  EXPECT_EQ(seen_as(listen_at("::", {.only_v6 = true})), "tcp ::");
  EXPECT_EQ(seen_as(listen_at("::")), "tcp :: dual");
  EXPECT_EQ(seen_as(listen_at("::", {.udp = true})), "udp :: dual");
  EXPECT_EQ(seen_as(listen_at("::ffff:127.0.0.1")), "tcp 127.0.0.1");
}

TEST_F(LiveListeners, one_that_is_closed_is_gone) {
  Fd socket = listen_at("127.0.0.1");
  const auto inode = inode_of(socket);
  socket.reset();
  EXPECT_THAT(look()->listeners,
              Not(Contains(Field(&Listener::socket, Field(&ListeningSocket::inode, inode)))));
}

TEST_F(LiveListeners, tells_many_ports_and_nothing_new_while_nothing_changes) {
  std::vector<Fd> sockets;
  for (int at = 0; at < 1000; ++at) sockets.push_back(listen_at("127.0.0.1", {.udp = at % 2 == 1}));
  const auto seen = look();
  for (const auto& socket : sockets) {
    const auto found = find(*seen, socket);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->socket.port, port_of(socket));
    EXPECT_THAT(found->owners, ElementsAre(::getpid()));
  }
  const std::vector<pid_t> me = {::getpid()};
  EXPECT_THAT(listeners_of(*seen, me), SizeIs(1000));
  EXPECT_EQ(look(), seen);
}

TEST_F(LiveListeners, sockets_that_share_a_port_are_one_port) {
  const auto first = listen_at("127.0.0.1", {.reuse_port = true});
  const auto second = listen_at("127.0.0.1", {.reuse_port = true, .port = port_of(first)});
  const std::vector<pid_t> me = {::getpid()};
  const auto mine = listeners_of(*look(), me);
  EXPECT_THAT(mine, SizeIs(2));
  EXPECT_THAT(host_ports(mine), ElementsAre(Field(&PortMapping::host_port, port_of(first))));
}

TEST_F(LiveListeners, a_forked_server_is_one_socket_with_two_owners) {
  const auto socket = listen_at("127.0.0.1");
  const Forked worker([] { return std::string(); });
  EXPECT_THAT(find(*look(), socket)->owners,
              testing::UnorderedElementsAre(::getpid(), worker.pid()));
}

TEST_F(LiveListeners, an_owner_that_ends_is_noticed_though_the_socket_stays) {
  const auto socket = listen_at("127.0.0.1");
  {
    const Forked worker([] { return std::string(); });
    ASSERT_THAT(find(*look(), socket)->owners, SizeIs(2));
  }
  EXPECT_THAT(find(*look(), socket)->owners, ElementsAre(::getpid()));
}

TEST_F(LiveListeners, tells_all_of_a_process) {
  const auto me = view->process(::getpid());
  ASSERT_TRUE(me.has_value());
  EXPECT_EQ(me->parent, ::getppid());
  EXPECT_EQ(me->session, ::getsid(0));
  EXPECT_EQ(me->uid, ::geteuid());
  EXPECT_THAT(me->executable, HasSubstr("rollcall_live_tests"));
  EXPECT_THAT(me->arguments.front(), HasSubstr("rollcall_live_tests"));
  EXPECT_NE(me->network_namespace, 0U);
  ASSERT_TRUE(me->started_at.has_value());
  const auto age = std::chrono::system_clock::now() - *me->started_at;
  EXPECT_GT(age, std::chrono::seconds(-2));
  EXPECT_LT(age, std::chrono::minutes(10));
}

TEST_F(LiveListeners, another_network_namespace_is_seen_where_asked) {
  const Forked other([] {
    if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("unshare");
    static const Fd socket = listen_at("0.0.0.0");
    return fmt::to_string(port_of(socket));
  });
  const std::vector<pid_t> them = {other.pid()};
  EXPECT_THAT(listeners_of(*look(), them), IsEmpty());
  Listeners there(view, other.pid());
  const auto seen = there.look();
  ASSERT_TRUE(seen.has_value()) << seen.error().describe();
  ASSERT_THAT((*seen)->listeners, SizeIs(1));
  EXPECT_EQ(fmt::to_string((*seen)->listeners[0].socket.port), other.said());
  EXPECT_THAT((*seen)->listeners[0].owners, ElementsAre(other.pid()));
  EXPECT_NE(view->process(other.pid())->network_namespace,
            view->process(::getpid())->network_namespace);
}

TEST_F(LiveListeners, a_namespace_that_is_gone_is_an_error_that_says_so) {
  pid_t ended = 0;
  {
    ended = Forked([] { return std::string(); }).pid();
  }
  Listeners there(view, ended);
  const auto seen = there.look();
  ASSERT_FALSE(seen.has_value());
  EXPECT_EQ(seen.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(seen.error().what, HasSubstr(fmt::format("process {}", ended)));
}

TEST_F(LiveListeners, the_socket_of_another_user_says_whose_it_is) {
  const Forked other([] {
    become_nobody();
    static const Fd socket = listen_at("127.0.0.1");
    return fmt::to_string(inode_of(socket));
  });
  const auto seen = look();
  const std::vector<pid_t> them = {other.pid()};
  const auto theirs = listeners_of(*seen, them);
  ASSERT_THAT(theirs, SizeIs(1));
  EXPECT_EQ(theirs[0].socket.uid, 65534U);
  EXPECT_EQ(view->process(other.pid())->user, "nobody");
}

// Without privilege all sockets are seen, but only the owners of one's own.
TEST_F(LiveListeners, without_privilege_what_is_hidden_is_a_note) {
  const Forked root([] {
    static const Fd socket = listen_at("127.0.0.1");
    return fmt::to_string(inode_of(socket));
  });
  const Forked plain([&] {
    become_nobody();
    const auto own = listen_at("127.0.0.1");
    Listeners mine(system_host_view());
    const auto seen = mine.look();
    if (!seen) return seen.error().describe();
    std::string said = (*seen)->problem().value_or(Problem{}).what;
    for (const auto& [socket, owners, cgroup] : (*seen)->listeners) {
      if (socket.inode == inode_of(own)) said += fmt::format("; own: {}", owners.size());
      if (fmt::to_string(socket.inode) == root.said()) {
        said += fmt::format("; root's: {} of user {}", owners.size(), socket.uid);
      }
    }
    return said;
  });
  EXPECT_THAT(plain.said(), AllOf(HasSubstr("listening sockets no process"), HasSubstr("own: 1"),
                                  HasSubstr("root's: 0 of user 0")));
}

TEST_F(LiveListeners, without_privilege_another_namespace_is_denied) {
  const Forked other([] {
    if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("unshare");
    return std::string();
  });
  const Forked plain([&] {
    become_nobody();
    const auto seen = Listeners(system_host_view(), other.pid()).look();
    return seen ? "seen" : fmt::format("{} {}", to_string(seen.error().kind), seen.error().remedy);
  });
  EXPECT_THAT(plain.said(), AllOf(HasSubstr("denied"), HasSubstr("CAP_SYS_ADMIN")));
}

TEST_F(LiveListeners, the_group_that_made_a_socket_is_known) {
  const auto socket = listen_at("127.0.0.1");
  const auto found = find(*look(), socket);
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->socket.cgroup.has_value()) << "kernels before 5.8 do not tell";
  const auto me = view->process(::getpid());
  const auto own = std::ranges::find(me->cgroups, "", &CgroupMembership::controllers);
  ASSERT_NE(own, me->cgroups.end());
  EXPECT_EQ(found->cgroup, own->path);
}

}  // namespace
}  // namespace rollcall::support
