#include "backends/systemd/listen.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::systemd {
namespace {

using testing::ElementsAre;

std::vector<std::string> read(const std::vector<ListenEntry>& entries) {
  std::vector<std::string> texts;
  for (const PortMapping& port : ports_of(entries)) {
    EXPECT_EQ(port.host_port, port.container_port);
    EXPECT_EQ(port.scope, PortScope::host);
    texts.push_back(
        fmt::format("{} {} {}", port.host_ip, port.host_port, to_string(port.protocol)));
  }
  return texts;
}

TEST(Listen, AddressesArePorts) {
  EXPECT_THAT(read({{"Stream", "127.0.0.1:8080"},
                    {"Stream", "[::]:80"},
                    {"Datagram", "0.0.0.0:53"},
                    {"Stream", "[fe80::1%eth0]:22"}}),
              ElementsAre("0.0.0.0 53 udp", "127.0.0.1 8080 tcp", ":: 80 tcp", "fe80::1 22 tcp"));
}

TEST(Listen, TheSameTwiceIsOne) {
  EXPECT_THAT(read({{"Stream", "[::]:80"}, {"Stream", "[::]:80"}}), ElementsAre(":: 80 tcp"));
}

TEST(Listen, WhatIsNoPortIsLeftOut) {
  EXPECT_THAT(read({{"Stream", "/run/x.sock"},
                    {"Stream", "@abstract:80"},
                    {"SequentialPacket", "/run/seq:1"},
                    {"FIFO", "/run/fifo"},
                    {"Netlink", "kobject-uevent 1"},
                    {"Stream", "vsock:2:1234"},
                    {"Stream", "127.0.0.1:0"},
                    {"Stream", "127.0.0.1:65536"},
                    {"Stream", "127.0.0.1:80x"},
                    {"Stream", "[127.0.0.1]:80"},
                    {"Stream", "::1:80"},
                    {"Stream", ""},
                    {"", "127.0.0.1:80"}}),
              testing::IsEmpty());
}

}  // namespace
}  // namespace rollcall::systemd
