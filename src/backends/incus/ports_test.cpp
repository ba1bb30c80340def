#include "backends/incus/ports.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::incus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
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
           {"sctp:0.0.0.0:80", "tcp:127.0.0.1:80"},
           {"tcp:localhost:80", "tcp:127.0.0.1:80"},
           {"tcp:80", "tcp:127.0.0.1:80"}}) {
    const Seen found = seen(listen, connect);
    EXPECT_THAT(found.ports, IsEmpty()) << listen;
    EXPECT_THAT(found.problems, SizeIs(1)) << listen;
  }
}

TEST(ProxyDevice, SaysWhyItCannotBeUnderstood) {
  for (const auto& [listen, connect, why] : std::vector<std::array<std::string, 3>>{
           {"sctp:0.0.0.0:80", "tcp:1.2.3.4:80", "listen: \"sctp\" is none of tcp, udp and unix"},
           {"tcp:0.0.0.0:70000", "tcp:1.2.3.4:80", "\"70000\" is no port from 1 to 65535"},
           {"tcp:0.0.0.0:80-x", "tcp:1.2.3.4:80", "\"80-x\" is no port"},
           {"tcp:0.0.0.0:90-80", "tcp:1.2.3.4:80", "the range 90-80 ends before it begins"},
           {"tcp:localhost:80", "tcp:1.2.3.4:80", "\"localhost\" is no address"},
           {"tcp:80", "tcp:1.2.3.4:80", "\"80\" is no address with a port"},
           {"tcp:0.0.0.0:80", "tcp:", "connect: it names no port"},
           {"tcp:0.0.0.0:80", "", "connect: \"\" is none of tcp"},
           {"tcp:0.0.0.0:80-82", "tcp:1.2.3.4:80-81", "the numbers of ports differ, 3 and 2"}}) {
    const Seen found = seen(listen, connect);
    ASSERT_THAT(found.problems, SizeIs(1)) << listen;
    EXPECT_EQ(found.problems[0].where, "devices.web");
    EXPECT_THAT(found.problems[0].what, HasSubstr(why));
  }
}

TEST(ProxyDevice, MayConnectToAName) {
  EXPECT_THAT(seen("tcp:0.0.0.0:80", "tcp:localhost:8080").ports,
              ElementsAre("0.0.0.0 80->8080/tcp"));
}

TEST(ProxyDevice, MayHaveAllPortsThatThereAre) {
  for (const char* connect : {"tcp:127.0.0.1:80", "tcp:127.0.0.1:1-65535"}) {
    const Seen found = seen("tcp:0.0.0.0:1-65535", connect);
    EXPECT_THAT(found.ports, SizeIs(65'535)) << connect;
    EXPECT_THAT(found.problems, IsEmpty()) << connect;
  }
  const Seen pairs = seen("tcp:0.0.0.0:20000-30000", "tcp:127.0.0.1:1-5000,6000-11000");
  ASSERT_THAT(pairs.ports, SizeIs(10'001));
  EXPECT_EQ(pairs.ports[5000], "0.0.0.0 25000->6000/tcp");
  EXPECT_EQ(pairs.ports.back(), "0.0.0.0 30000->11000/tcp");
  EXPECT_THAT(seen("tcp:0.0.0.0:1-65535", "tcp:1.2.3.4:9", "instance").ports, SizeIs(65'535));
}

TEST(ProxyDevice, BeyondWhatAnInstanceMayHaveSaysHowManyAreLeftOut) {
  const Seen found = seen("tcp:0.0.0.0:1-65535,[::]:1-65535", "tcp:127.0.0.1:80");
  EXPECT_THAT(found.ports, SizeIs(65'536));
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].what,
            "65534 of its 131070 ports are left out: an instance may have 65536");
}

TEST(ProxyDevice, OfManyRangesIsBounded) {
  std::string listen = "tcp:0.0.0.0:1-65535";
  for (int i = 1; i < 4096; ++i) listen += ",1-65535";
  EXPECT_THAT(seen(listen, "tcp:127.0.0.1:80").ports, SizeIs(65'536));
  const Seen found = seen(listen + ",1", "tcp:127.0.0.1:80");
  EXPECT_THAT(found.ports, IsEmpty());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_THAT(found.problems[0].what, HasSubstr("more than 4096 ranges"));
}

struct Forwarded {
  std::string target;
  std::vector<std::string> ports;
  std::vector<Problem> problems;
};

Forwarded forwarded(const ForwardRow& row, std::string_view listen) {
  const ForwardedPorts read = forwarded_by(row, listen);
  Forwarded seen{.target = read.target, .ports = {}, .problems = {}};
  std::vector<PortMapping> ports;
  add_ports(read, ports, seen.problems);
  for (const PortMapping& port : ports) seen.ports.push_back(show(port));
  return seen;
}

TEST(NetworkForward, EachPortHasItsTarget) {
  const Forwarded found = forwarded({.protocol = "tcp",
                                     .listen_port = "80,1000-1001",
                                     .target_port = "",
                                     .target_address = "10.0.0.5"},
                                    "192.0.2.1");
  EXPECT_EQ(found.target, "10.0.0.5");
  EXPECT_THAT(found.ports, ElementsAre("192.0.2.1 80->80/tcp", "192.0.2.1 1000->1000/tcp",
                                       "192.0.2.1 1001->1001/tcp"));
}

TEST(NetworkForward, APortMayBecomeAnother) {
  const Forwarded found = forwarded({.protocol = "udp",
                                     .listen_port = "5353",
                                     .target_port = "53",
                                     .target_address = "fd00:0::5"},
                                    "2001:db8::1");
  EXPECT_EQ(found.target, "fd00::5");
  EXPECT_THAT(found.ports, ElementsAre("2001:db8::1 5353->53/udp"));
}

TEST(NetworkForward, MayHaveAllPortsThatThereAre) {
  const Forwarded found = forwarded({.protocol = "tcp",
                                     .listen_port = "1-65535",
                                     .target_port = "",
                                     .target_address = "10.0.0.5"},
                                    "192.0.2.1");
  EXPECT_THAT(found.ports, SizeIs(65'535));
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST(NetworkForward, ThatCannotBeUnderstoodIsAProblemOfItsTarget) {
  const ForwardRow good{
      .protocol = "tcp", .listen_port = "80", .target_port = "", .target_address = "10.0.0.5"};
  const auto expect_wrong = [](const ForwardRow& row, std::string_view listen,
                               const std::string& why) {
    const Forwarded found = forwarded(row, listen);
    EXPECT_EQ(found.target, "10.0.0.5");
    EXPECT_THAT(found.ports, IsEmpty()) << why;
    ASSERT_THAT(found.problems, SizeIs(1)) << why;
    EXPECT_THAT(found.problems[0].what, HasSubstr(why));
    EXPECT_EQ(found.problems[0].where, "forward " + std::string(listen));
  };
  expect_wrong(good, "elsewhere", "\"elsewhere\" is no address");
  ForwardRow bad = good;
  bad.protocol = "icmp";
  expect_wrong(bad, "192.0.2.1", "\"icmp\" is neither tcp nor udp");
  bad = good;
  bad.target_port = "1-2";
  expect_wrong(bad, "192.0.2.1", "the numbers of ports differ, 1 and 2");
  bad.target_port = "0";
  expect_wrong(bad, "192.0.2.1", "target_port: \"0\" is no port");
  bad = good;
  bad.listen_port = "";
  expect_wrong(bad, "192.0.2.1", "listen_port: it names no port");
}

}  // namespace
}  // namespace rollcall::incus
