#include "backends/host/decode.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_host.hpp"

namespace rollcall::host {
namespace {

using boost::asio::ip::make_address;
using testing::ElementsAre;
using testing::IsEmpty;

HostNetwork network() {
  return {.addresses = {{"lo", 1, make_address("127.0.0.1")},
                        {"lo", 1, make_address("::1")},
                        {"eth0", 2, make_address("10.0.0.7")},
                        {"eth0", 2, make_address("2001:db8::7")},
                        {"eth0", 2, make_address("fe80::7")},
                        {"eth1", 3, make_address("169.254.1.1")},
                        {"docker0", 4, make_address("172.17.0.1")}}};
}

Listener on(const std::string& ip, bool dual_stack = false, std::uint32_t interface = 0) {
  Listener listener;
  listener.socket.address = make_address(ip);
  listener.socket.port = 80;
  listener.socket.dual_stack = dual_stack;
  listener.socket.interface = interface;
  return listener;
}

std::vector<std::string> addresses(const Listener& listener, const HostNetwork& where = network()) {
  std::vector<std::string> all;
  for (const Address& it : decode({.listeners = {listener}}, where, Sight::all).addresses) {
    all.push_back(it.network + ":" + it.ip);
  }
  return all;
}

TEST(Decode, AWildcardIsAllAddressesThatAnswer) {
  EXPECT_THAT(addresses(on("0.0.0.0")), ElementsAre("eth0:10.0.0.7", "docker0:172.17.0.1"));
  EXPECT_THAT(addresses(on("::")), ElementsAre("eth0:2001:db8::7"));
  EXPECT_THAT(addresses(on("::", true)),
              ElementsAre("eth0:10.0.0.7", "docker0:172.17.0.1", "eth0:2001:db8::7"));
}

TEST(Decode, AWildcardOfOneInterfaceIsItsAddresses) {
  EXPECT_THAT(addresses(on("0.0.0.0", false, 4)), ElementsAre("docker0:172.17.0.1"));
  EXPECT_THAT(addresses(on("0.0.0.0", false, 3)), IsEmpty()) << "only a link-local one";
  EXPECT_THAT(addresses(on("0.0.0.0", false, 1)), ElementsAre("lo:127.0.0.1"));
}

TEST(Decode, AWildcardIsTheLoopbackWhereThereIsNothingElse) {
  EXPECT_THAT(addresses(on("0.0.0.0"), {.addresses = {{"lo", 1, make_address("127.0.0.1")}}}),
              ElementsAre("lo:127.0.0.1"));
  EXPECT_THAT(addresses(on("0.0.0.0"), {}), IsEmpty());
}

TEST(Decode, ABoundAddressIsItself) {
  EXPECT_THAT(addresses(on("127.0.0.1")), ElementsAre("lo:127.0.0.1"));
  EXPECT_THAT(addresses(on("127.0.0.53")), ElementsAre("lo:127.0.0.53"));
  EXPECT_THAT(addresses(on("10.0.0.7")), ElementsAre("eth0:10.0.0.7"));
  EXPECT_THAT(addresses(on("fe80::7")), ElementsAre("eth0:fe80::7"));
  EXPECT_THAT(addresses(on("192.0.2.1")), ElementsAre(":192.0.2.1"));
  EXPECT_THAT(addresses(on("224.0.0.251")), IsEmpty()) << "of a group, not of the host";
}

TEST(Decode, TheFieldsOfAProcess) {
  test::ScriptedHost host;
  const pid_t pid = host.start("/usr/bin/python3.11", {"python3", "app.py", "--password=x"});
  const ListeningGroup group{.leader = host.at(pid), .listeners = {on("0.0.0.0")}};
  const Instance it = decode(group, {}, Sight::all);
  EXPECT_EQ(it.key.id, group.id());
  EXPECT_EQ(it.name, "app.py");
  EXPECT_EQ(it.kind, InstanceKind::process);
  EXPECT_EQ(it.state, InstanceState::running);
  EXPECT_EQ(it.network_mode, NetworkMode::host);
  EXPECT_EQ(it.group, "session " + std::to_string(pid));
  EXPECT_EQ(it.started_at, host.at(pid).started_at);
  EXPECT_EQ(it.details->user, "alice");
  EXPECT_EQ(it.details->pid, pid);
  EXPECT_THAT(it.details->command, ElementsAre("python3", "app.py", "--password=***"));
  EXPECT_THAT(it.ports, ElementsAre(PortMapping{.host_ip = "0.0.0.0",
                                                .host_port = 80,
                                                .container_port = 80,
                                                .protocol = Protocol::tcp,
                                                .name = "",
                                                .scope = PortScope::host}));
  EXPECT_THAT(it.problems, IsEmpty());
}

TEST(Decode, TheOwnerIsTheHelpersElseThatOfTheControlGroup) {
  test::ScriptedHost host;
  Process leader = host.at(host.start("/usr/bin/docker-proxy"));
  leader.cgroups = {{.controllers = "", .path = "/system.slice/docker.service"}};
  EXPECT_EQ(owner_of({.leader = leader}).group, "docker");
  leader.executable = "/usr/bin/dockerd";
  EXPECT_EQ(owner_of({.leader = leader}).group, "docker.service");
}

TEST(Decode, OnHybridHostsAContainerIsFoundInAnyHierarchy) {
  test::ScriptedHost host;
  Process leader = host.at(host.start("/bin/x"));
  leader.cgroups = {{.controllers = "pids", .path = "/docker/" + std::string(64, 'b')},
                    {.controllers = "", .path = "/"}};
  EXPECT_EQ(owner_of({.leader = leader}).group, "docker/bbbbbbbbbbbb");
}

TEST(Decode, OfAnUnseenProcessTheUnitThatMadeTheSocketIsTheName) {
  Listener listener = on("0.0.0.0");
  listener.cgroup = "/system.slice/nginx.service";
  const Instance it = decode({.listeners = {listener}}, {}, Sight::some_as_user);
  EXPECT_EQ(it.name, "nginx");
  EXPECT_EQ(it.group, "nginx.service");
  EXPECT_EQ(it.details->user, "root");
}

TEST(Serving, IsNotWhatAClientWaitsOn) {
  const HostNetwork here = network();
  ListeningSocket socket = on("0.0.0.0").socket;
  socket.port = 40000;
  EXPECT_TRUE(serves(socket, here)) << "TCP listens";
  socket.protocol = Protocol::udp;
  EXPECT_FALSE(serves(socket, here));
  socket.address = make_address("10.0.0.7");
  EXPECT_TRUE(serves(socket, here)) << "somebody chose the address";
  socket.address = make_address("::");
  socket.port = here.first_ephemeral_port;
  EXPECT_FALSE(serves(socket, here));
  socket.port = 32767;
  EXPECT_TRUE(serves(socket, here));
  socket.port = here.last_ephemeral_port;
  EXPECT_FALSE(serves(socket, here));
}

}  // namespace
}  // namespace rollcall::host
