#include "backends/incus/ports.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string show(const PortMapping& port) {
  if (port.scope == PortScope::internal) {
    return fmt::format("{}/{}", port.container_port, to_string(port.protocol));
  }
  return fmt::format("{} {}->{}/{}", port.host_ip, port.host_port, port.container_port,
                     to_string(port.protocol));
}

struct Seen {
  std::vector<std::string> ports;
  std::vector<Problem> problems;
};

Seen seen(std::string listen, std::string connect, std::string bind = "") {
  Seen seen;
  std::vector<PortMapping> ports;
  add_ports({.name = "web",
             .listen = std::move(listen),
             .connect = std::move(connect),
             .bind = std::move(bind)},
            ports, seen.problems);
  for (const PortMapping& port : ports) {
    EXPECT_EQ(port.name, "web");
    seen.ports.push_back(show(port));
  }
  return seen;
}

TEST(ProxyDevice, PublishesAPort) {
  EXPECT_THAT(seen("tcp:0.0.0.0:8080", "tcp:127.0.0.1:80").ports,
              ElementsAre("0.0.0.0 8080->80/tcp"));
  EXPECT_THAT(seen("udp:[::]:5353", "udp:[::1]:53", "host").ports, ElementsAre(":: 5353->53/udp"));
}

TEST(ProxyDevice, ARangeIsOneForEachPort) {
  EXPECT_THAT(seen("tcp:127.0.0.1:8085-8086", "tcp:127.0.0.1:80-81").ports,
              ElementsAre("127.0.0.1 8085->80/tcp", "127.0.0.1 8086->81/tcp"));
  EXPECT_THAT(seen("tcp:1.2.3.4:80,90-91", "tcp:127.0.0.1:80").ports,
              ElementsAre("1.2.3.4 80->80/tcp", "1.2.3.4 90->80/tcp", "1.2.3.4 91->80/tcp"));
}

TEST(ProxyDevice, MayListenOnSeveralAddresses) {
  for (const char* listen : {"tcp:1.2.3.4:80,[::2]:81,82", "tcp:1.2.3.4:80,tcp:[::2]:81-82"}) {
    EXPECT_THAT(seen(listen, "tcp:127.0.0.1:8080").ports,
                ElementsAre("1.2.3.4 80->8080/tcp", "::2 81->8080/tcp", "::2 82->8080/tcp"));
  }
}

TEST(ProxyDevice, ThatListensInsideIsInternal) {
  EXPECT_THAT(seen("tcp:127.0.0.1:9999", "tcp:127.0.0.1:18085", "instance").ports,
              ElementsAre("9999/tcp"));
  EXPECT_THAT(seen("unix:/run/x", "tcp:127.0.0.1:1", "instance").ports, IsEmpty());
}

TEST(ProxyDevice, BehindAUnixSocketThePortIsInternal) {
  EXPECT_THAT(seen("unix:/run/web.sock", "tcp:127.0.0.1:80").ports, ElementsAre("80/tcp"));
}

TEST(ProxyDevice, BeforeAUnixSocketThereIsNoPortInside) {
  EXPECT_THAT(seen("tcp:0.0.0.0:8080", "unix:/run/web.sock").ports,
              ElementsAre("0.0.0.0 8080->0/tcp"));
  EXPECT_THAT(seen("unix:@a", "unix:/b").ports, IsEmpty());
}

TEST(ProxyDevice, ThatCannotBeUnderstoodIsAProblem) {
  for (const auto& [listen, connect] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"tcp:0.0.0.0:80", ""},
           {"tcp:0.0.0.0", "tcp:127.0.0.1:80"},
           {"tcp:0.0.0.0:0", "tcp:127.0.0.1:80"},
           {"tcp:0.0.0.0:65536", "tcp:127.0.0.1:80"},
           {"tcp:0.0.0.0:90-80", "tcp:127.0.0.1:80"},
           {"tcp:0.0.0.0:80-82", "tcp:127.0.0.1:80-81"},
           {"tcp:0.0.0.0:1-65535", "tcp:127.0.0.1:80"},
           {"sctp:0.0.0.0:80", "tcp:127.0.0.1:80"},
           {"tcp:localhost:80", "tcp:127.0.0.1:80"},
           {"tcp:80", "tcp:127.0.0.1:80"}}) {
    const Seen found = seen(listen, connect);
    EXPECT_THAT(found.ports, IsEmpty()) << listen;
    EXPECT_THAT(found.problems, SizeIs(1)) << listen;
  }
}

TEST(NetworkForward, EachPortHasItsTarget) {
  const auto ports = ports_of({.protocol = "tcp",
                               .listen_port = "80,1000-1001",
                               .target_port = "",
                               .target_address = "10.0.0.5"},
                              "192.0.2.1");
  ASSERT_THAT(ports, SizeIs(3));
  EXPECT_EQ(ports[0].target, "10.0.0.5");
  EXPECT_EQ(show(ports[0].mapping), "192.0.2.1 80->80/tcp");
  EXPECT_EQ(show(ports[2].mapping), "192.0.2.1 1001->1001/tcp");
}

TEST(NetworkForward, APortMayBecomeAnother) {
  const auto ports = ports_of({.protocol = "udp",
                               .listen_port = "5353",
                               .target_port = "53",
                               .target_address = "fd00:0::5"},
                              "2001:db8::1");
  ASSERT_THAT(ports, SizeIs(1));
  EXPECT_EQ(ports[0].target, "fd00::5");
  EXPECT_EQ(show(ports[0].mapping), "2001:db8::1 5353->53/udp");
}

TEST(NetworkForward, ThatCannotBeUnderstoodHasNone) {
  const ForwardRow good{
      .protocol = "tcp", .listen_port = "80", .target_port = "", .target_address = "10.0.0.5"};
  EXPECT_THAT(ports_of(good, "192.0.2.1"), SizeIs(1));
  EXPECT_THAT(ports_of(good, "elsewhere"), IsEmpty());
  ForwardRow bad = good;
  bad.protocol = "icmp";
  EXPECT_THAT(ports_of(bad, "192.0.2.1"), IsEmpty());
  bad = good;
  bad.target_port = "1-2";
  EXPECT_THAT(ports_of(bad, "192.0.2.1"), IsEmpty());
}

}  // namespace
}  // namespace rollcall::incus
