#include "hostview/listeners.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/written_host.hpp"

namespace rollcall {
namespace {

using boost::asio::ip::make_address;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ListeningSocket on(std::uint16_t port, std::uint64_t inode,
                   std::optional<std::uint64_t> cgroup = {}, const char* address = "127.0.0.1") {
  return {.protocol = Protocol::tcp,
          .address = make_address(address),
          .port = port,
          .inode = inode,
          .cgroup = cgroup};
}

std::vector<std::string> shown(const std::vector<Listener>& listeners) {
  std::vector<std::string> result;
  for (const auto& listener : listeners) {
    result.push_back(fmt::format("{}: {}", listener.socket.port, fmt::join(listener.owners, " ")));
  }
  return result;
}

std::vector<std::string> shown(const std::vector<PortMapping>& ports) {
  std::vector<std::string> result;
  for (const auto& port : ports) {
    EXPECT_EQ(port.scope, PortScope::host);
    EXPECT_EQ(port.host_port, port.container_port);
    result.push_back(fmt::format("{} {}", port.host_ip, port.host_port));
  }
  return result;
}

class ListenersTest : public testing::Test {
 protected:
  ListenersPtr look() {
    auto seen = listeners.look();
    EXPECT_TRUE(seen.has_value()) << seen.error().describe();
    return *seen;
  }

  std::shared_ptr<test::WrittenHost> host = std::make_shared<test::WrittenHost>();
  Listeners listeners{host};
};

TEST_F(ListenersTest, OneSocketMayHaveManyOwnersAndOneOwnerManySockets) {
  host->sockets_of[0] = {on(80, 1), on(443, 2), on(9000, 3)};
  host->add(10, {1, 2});
  host->add(11, {1, 2});
  host->add(12, {3});
  host->add(13, {});
  const auto seen = look();
  EXPECT_THAT(shown(seen->listeners), ElementsAre("80: 10 11", "443: 10 11", "9000: 12"));
  EXPECT_EQ(seen->owners.at(12).comm, "p12");
  EXPECT_EQ(seen->owners.size(), 3U);
  EXPECT_EQ(seen->problem(), std::nullopt);
}

TEST_F(ListenersTest, ProcIsWalkedOnlyWhenTheSetHasChanged) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1});
  const auto first = look();
  for (int again = 0; again < 5; ++again) EXPECT_EQ(look(), first);
  EXPECT_EQ(host->walks, 1);
  EXPECT_EQ(host->dumps, 6);
  host->sockets_of[0].push_back(on(81, 2));
  host->holders_by_pid[10].inodes.insert(2);
  EXPECT_THAT(shown(look()->listeners), ElementsAre("80: 10", "81: 10"));
  EXPECT_EQ(host->walks, 2);
  host->sockets_of[0].pop_back();
  EXPECT_THAT(shown(look()->listeners), ElementsAre("80: 10"));
}

TEST_F(ListenersTest, AnOwnerThatEndsHasPassedItsSocketOn) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1});
  look();
  host->holders_by_pid.erase(10);
  host->add(11, {1});
  EXPECT_THAT(shown(look()->listeners), ElementsAre("80: 11"));
}

TEST_F(ListenersTest, ANumberThatIsGivenAnewIsAnotherProcess) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1});
  const auto first = look();
  host->add(10, {1}).start_ticks = 5000;
  const auto second = look();
  EXPECT_NE(first, second);
  EXPECT_EQ(second->owners.at(10).start_ticks, 5000U);
}

TEST_F(ListenersTest, ForgetsWhenTold) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1});
  look();
  listeners.forget();
  look();
  EXPECT_EQ(host->walks, 2);
}

TEST_F(ListenersTest, AFailedLookLosesNothing) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1});
  const auto first = look();
  host->failure = RuntimeError{.kind = ErrorKind::unavailable, .what = "gone"};
  EXPECT_FALSE(listeners.look().has_value());
  host->failure.reset();
  EXPECT_EQ(look(), first);
}

TEST_F(ListenersTest, AGroupsOwnSocketsAreLookedForAmongItsMembers) {
  host->cgroup_paths = {{7, "/system.slice/web.service"}};
  host->sockets_of[0] = {on(80, 1, 7)};
  host->add(10, {1}, "/system.slice/web.service");
  host->add(11, {}, "/system.slice/other.service");
  const auto seen = look();
  EXPECT_THAT(shown(seen->listeners), ElementsAre("80: 10"));
  EXPECT_EQ(seen->listeners[0].cgroup, "/system.slice/web.service");
  EXPECT_EQ(host->walks, 0);
  EXPECT_EQ(host->looked_through, 1);
}

TEST_F(ListenersTest, ASocketThatWasMovedWithItsProcessIsLookedForEverywhere) {
  host->cgroup_paths = {{7, "/user.slice/session"}};
  host->sockets_of[0] = {on(80, 1, 7)};
  host->add(10, {1}, "/system.slice/web.service");
  EXPECT_THAT(shown(look()->listeners), ElementsAre("80: 10"));
  EXPECT_EQ(host->walks, 1);
}

TEST_F(ListenersTest, ASocketOfTheServiceManagerIsItsServicesToo) {
  host->cgroup_paths = {{1, "/init.scope"}};
  host->sockets_of[0] = {on(80, 1, 1), on(81, 2, 1)};
  host->add(1, {1, 2}, "/init.scope");
  host->add(10, {1}, "/system.slice/web.service");
  const auto seen = look();
  EXPECT_THAT(shown(seen->listeners), ElementsAre("80: 1 10", "81: 1"));
  EXPECT_THAT(shown(listeners_of_cgroup(*seen, *host, "/system.slice/web.service")),
              ElementsAre("80: 1 10"));
}

TEST_F(ListenersTest, WithoutPrivilegeTheGroupTellsWhoseSocketItIs) {
  host->cgroup_paths = {{7, "/docker/abc"}};
  host->sockets_of[0] = {on(80, 1, 7), on(81, 2, 99)};
  host->add(10, {1}, "/docker/abc");
  host->holders_by_pid[10].readable = false;
  const auto seen = look();
  EXPECT_EQ(seen->unowned, 2U);
  EXPECT_EQ(seen->unreadable, 1U);
  EXPECT_THAT(seen->problem()->what, HasSubstr("of 2 listening sockets"));
  EXPECT_THAT(shown(listeners_of_cgroup(*seen, *host, "/docker/abc")), ElementsAre("80: "));
}

TEST_F(ListenersTest, AnOwnerInAnotherGroupTakesTheSocketFromTheGroupThatMadeIt) {
  host->cgroup_paths = {{7, "/a"}};
  host->sockets_of[0] = {on(80, 1, 7)};
  host->add(10, {1}, "/b");
  const auto seen = look();
  EXPECT_THAT(listeners_of_cgroup(*seen, *host, "/a"), IsEmpty());
  EXPECT_THAT(shown(listeners_of_cgroup(*seen, *host, "/b")), ElementsAre("80: 10"));
}

TEST_F(ListenersTest, AGroupHasWhatItsGroupsBelowHave) {
  host->sockets_of[0] = {on(80, 1)};
  host->add(10, {1}, "/a/b/c");
  EXPECT_THAT(shown(listeners_of_cgroup(*look(), *host, "/a")), ElementsAre("80: 10"));
}

TEST_F(ListenersTest, ASocketOfNoProcessIsNoProblem) {
  host->sockets_of[0] = {on(80, 0), on(81, 0)};
  const auto seen = look();
  EXPECT_THAT(shown(seen->listeners), ElementsAre("80: ", "81: "));
  EXPECT_EQ(seen->problem(), std::nullopt);
}

TEST_F(ListenersTest, OfAnotherNamespace) {
  host->sockets_of[0] = {on(80, 1)};
  host->sockets_of[42] = {on(90, 2)};
  host->add(42, {2});
  Listeners there(host, 42);
  EXPECT_THAT(shown((*there.look())->listeners), ElementsAre("90: 42"));
}

TEST_F(ListenersTest, OfProcesses) {
  host->sockets_of[0] = {on(80, 1), on(81, 2)};
  host->add(10, {1});
  host->add(11, {2});
  const std::vector<pid_t> some = {5, 11};
  EXPECT_THAT(shown(listeners_of(*look(), some)), ElementsAre("81: 11"));
  EXPECT_THAT(listeners_of(*look(), {}), IsEmpty());
}

TEST(HostPorts, AreSortedAndOnceEach) {
  auto dual = on(443, 3, {}, "::");
  dual.dual_stack = true;
  const std::vector<Listener> all = {{.socket = dual},
                                     {.socket = on(80, 1)},
                                     {.socket = on(80, 2)},
                                     {.socket = on(53, 4, {}, "::1")}};
  EXPECT_THAT(shown(host_ports(all)),
              ElementsAre("0.0.0.0 443", "127.0.0.1 80", ":: 443", "::1 53"));
  EXPECT_THAT(host_ports({}), IsEmpty());
}

}  // namespace
}  // namespace rollcall
