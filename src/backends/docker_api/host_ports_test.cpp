#include "backends/docker_api/host_ports.hpp"

#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/written_host.hpp"

namespace rollcall::docker_api {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string web(64, 'a');
const std::string other(64, 'b');
constexpr std::uint64_t our_namespace = 4026531840;

class HostPortsTest : public testing::Test {
 protected:
  HostPortsTest() { host->add(::getpid(), {}).network_namespace = our_namespace; }

  /// Adds a process of a container, in one of the engine's groups.
  Process& run(pid_t pid, const std::string& id, std::set<std::uint64_t> inodes) {
    Process& process = host->add(pid, std::move(inodes), "/system.slice/docker-" + id + ".scope");
    process.network_namespace = our_namespace;
    return process;
  }
  void listen(std::uint16_t port, std::uint64_t inode, Protocol protocol = Protocol::tcp,
              pid_t in_namespace_of = 0) {
    host->sockets_of[in_namespace_of].push_back(
        {.protocol = protocol,
         .address = boost::asio::ip::make_address("0.0.0.0"),
         .port = port,
         .inode = inode,
         .cgroup = cgroup_of_sockets});
  }

  DecodedContainer& look(const std::string& id = web, NetworkMode mode = NetworkMode::host,
                         InstanceState state = InstanceState::running) {
    containers.clear();
    Instance& instance = containers[id].instance;
    instance.key.id = id;
    instance.network_mode = mode;
    instance.state = state;
    ports.fill(containers, now);
    return containers[id];
  }

  static std::vector<std::string> shown(const DecodedContainer& container) {
    std::vector<std::string> result;
    for (const auto& port : container.instance.ports) {
      EXPECT_EQ(port.scope, PortScope::host);
      result.push_back(
          fmt::format("{} {}:{}", to_string(port.protocol), port.host_ip, port.host_port));
    }
    return result;
  }

  std::shared_ptr<test::WrittenHost> host = std::make_shared<test::WrittenHost>();
  HostPorts ports{host};
  Containers containers;
  Timestamp now{1h};
  std::optional<std::uint64_t> cgroup_of_sockets;
};

TEST_F(HostPortsTest, AreWhatItsProcessesListenOn) {
  run(10, web, {1});
  run(11, web, {2});
  run(12, other, {3});
  host->add(13, {4});
  for (std::uint16_t at = 1; at <= 4; ++at) listen(static_cast<std::uint16_t>(79 + at), at);
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80", "tcp 0.0.0.0:81"));
  EXPECT_THAT(look().instance.problems, IsEmpty());
}

TEST_F(HostPortsTest, OnlyThoseWithTheHostsNetworkThatRunAreLookedFor) {
  run(10, web, {1});
  listen(80, 1);
  EXPECT_THAT(shown(look(web, NetworkMode::own)), IsEmpty());
  EXPECT_THAT(shown(look(web, NetworkMode::host, InstanceState::stopped)), IsEmpty());
  EXPECT_EQ(host->dumps, 0);
}

TEST_F(HostPortsTest, OneThatIsYoungIsLookedAtAgain) {
  run(10, web, {}).started_at = now - 1s;
  EXPECT_TRUE(look().awaits_ports);
  listen(80, 1);
  host->holders_by_pid[10].inodes = {1};
  now += 1min;
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80"));
  EXPECT_TRUE(look().awaits_ports);
  now += 1min;
  EXPECT_FALSE(look().awaits_ports);
}

TEST_F(HostPortsTest, BetweenTwoRunsItHasNone) {
  const auto& waiting = look(web, NetworkMode::host, InstanceState::restarting);
  EXPECT_THAT(shown(waiting), IsEmpty());
  EXPECT_THAT(waiting.instance.problems, IsEmpty());
}

TEST_F(HostPortsTest, AnEngineOfAnotherHostIsAProblemNote) {
  const auto& container = look();
  EXPECT_THAT(shown(container), IsEmpty());
  ASSERT_THAT(container.instance.problems, SizeIs(1));
  EXPECT_THAT(container.instance.problems[0].what, HasSubstr("none of its processes"));
}

TEST_F(HostPortsTest, AShortIdIsPartOfTooManyNames) {
  run(10, web, {1});
  listen(80, 1);
  EXPECT_THAT(shown(look("a")), IsEmpty());
}

TEST_F(HostPortsTest, TheEnginesNetworkMayBeANamespaceOfItsOwn) {
  run(10, web, {1}).network_namespace = 77;
  listen(80, 1, Protocol::tcp, 10);
  listen(99, 9);
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80"));
}

TEST_F(HostPortsTest, AClientThatAwaitsAnAnswerServesNobody) {
  run(10, web, {1, 2, 3});
  const auto ephemeral = ephemeral_ports().first;
  listen(53, 1, Protocol::udp);
  listen(ephemeral, 2, Protocol::udp);
  listen(ephemeral, 3, Protocol::tcp);
  EXPECT_THAT(shown(look()),
              ElementsAre("udp 0.0.0.0:53", fmt::format("tcp 0.0.0.0:{}", ephemeral)));
}

TEST_F(HostPortsTest, WithoutPrivilegeTheGroupsIdTells) {
  cgroup_of_sockets = 5;
  host->cgroup_paths = {{5, "/system.slice/docker-" + web + ".scope"}};
  run(10, web, {1}).network_namespace = 0;
  host->holders_by_pid[10].readable = false;
  listen(80, 1);
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80"));
  EXPECT_THAT(look().instance.problems, IsEmpty());
}

TEST_F(HostPortsTest, WhatMayNotBeSeenIsAProblemNote) {
  run(10, web, {1}).network_namespace = 0;
  host->holders_by_pid[10].readable = false;
  listen(80, 1);
  ASSERT_THAT(look().instance.problems, SizeIs(1));
  const std::string what = look().instance.problems[0].what;
  EXPECT_THAT(what, HasSubstr("grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"));
  EXPECT_EQ(what.contains("run as root"), ::geteuid() != 0) << "root is not told to be root";
}

TEST_F(HostPortsTest, AKernelThatDoesNotTellIsAProblemNote) {
  run(10, web, {1});
  host->failure = RuntimeError{.what = "the kernel does not list its sockets"};
  ASSERT_THAT(look().instance.problems, SizeIs(1));
  EXPECT_THAT(look().instance.problems[0].what, HasSubstr("the kernel does not list"));
}

TEST_F(HostPortsTest, OneWhoseGroupWasMadeAnewElsewhereIsFoundAgain) {
  run(10, web, {1});
  listen(80, 1);
  look();
  host->add(10, {1}, "/machine.slice/libpod-" + web + ".scope").network_namespace = our_namespace;
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80"));
  ports.keep_only({});
  EXPECT_THAT(shown(look()), ElementsAre("tcp 0.0.0.0:80"));
}

}  // namespace
}  // namespace rollcall::docker_api
