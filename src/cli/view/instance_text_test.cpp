#include "cli/view/instance_text.hpp"

#include <gtest/gtest.h>

#include "support/shown_instances.hpp"

namespace rollcall::cli {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string nobody(const InstanceKey&, const std::string&) {
  return {};
}

PortMapping published(std::string ip, std::uint16_t host, std::uint16_t inner,
                      Protocol protocol = Protocol::tcp) {
  return {.host_ip = std::move(ip),
          .host_port = host,
          .container_port = inner,
          .protocol = protocol,
          .name = {},
          .scope = PortScope::published};
}

PortMapping internal(std::uint16_t port, Protocol protocol = Protocol::tcp) {
  PortMapping mapping;
  mapping.container_port = port;
  mapping.protocol = protocol;
  return mapping;
}

std::string ports(std::vector<PortMapping> mappings) {
  Instance instance = web_instance();
  instance.ports = std::move(mappings);
  return ports_text(instance);
}

TEST(Cells, StateTellsHealthOrReason) {
  Instance instance = web_instance();
  EXPECT_EQ(state_text(instance), "running");
  instance.health = Health::healthy;
  EXPECT_EQ(state_text(instance), "running (healthy)");
  instance.health = Health::none;
  instance.state = InstanceState::restarting;
  instance.reason = "exited with 4";
  EXPECT_EQ(state_text(instance), "restarting (exited with 4)");
  instance.reason = "bad\x1b[31m";
  EXPECT_EQ(state_text(instance).find('\x1b'), std::string::npos);
}

TEST(Cells, PortsPublishedOnAllAddressesAreOne) {
  EXPECT_EQ(ports({published("0.0.0.0", 8080, 80), published("::", 8080, 80)}), "8080->80/tcp");
}

TEST(Cells, PortsOfOneAddressNameIt) {
  EXPECT_EQ(ports({published("127.0.0.1", 8081, 81)}), "127.0.0.1:8081->81/tcp");
  EXPECT_EQ(ports({published("::1", 8081, 81)}), "[::1]:8081->81/tcp");
}

TEST(Cells, InternalPortsComeLastAndProtocolsAreNamed) {
  EXPECT_EQ(ports({internal(53, Protocol::udp), published("0.0.0.0", 8080, 80)}),
            "8080->80/tcp, 53/udp");
  EXPECT_EQ(ports({}), "-");
}

TEST(Cells, NeighbouringPortsFold) {
  std::vector<PortMapping> mappings;
  for (std::uint16_t i = 0; i <= 10; ++i) {
    mappings.push_back(published("0.0.0.0", static_cast<std::uint16_t>(8000 + i),
                                 static_cast<std::uint16_t>(9000 + i), Protocol::udp));
  }
  mappings.push_back(internal(7000));
  mappings.push_back(internal(7001));
  EXPECT_EQ(ports(mappings), "8000-8010->9000-9010/udp, 7000-7001/tcp");
  EXPECT_EQ(ports({published("0.0.0.0", 1000, 80), published("0.0.0.0", 1001, 90)}),
            "1000->80/tcp, 1001->90/tcp");
}

TEST(Cells, PortsOnTheHostItselfAreTold) {
  PortMapping port = internal(22);
  port.scope = PortScope::host;
  EXPECT_EQ(ports({port}), "*:22/tcp");
  port.host_ip = "127.0.0.1";
  EXPECT_EQ(ports({port}), "127.0.0.1:22/tcp");
}

TEST(Cells, AddressesByNetworkMode) {
  Instance instance = web_instance();
  EXPECT_EQ(addresses_text(instance, Detail::shortened, nobody), "172.17.0.2");
  EXPECT_EQ(addresses_text(instance, Detail::full, nobody), "bridge:172.17.0.2");
  instance.addresses.clear();
  EXPECT_EQ(addresses_text(instance, Detail::shortened, nobody), "-");
  instance.network_mode = NetworkMode::host;
  EXPECT_EQ(addresses_text(instance, Detail::shortened, nobody), "host");
  instance.network_mode = NetworkMode::joined;
  instance.network_owner = std::string(64, 'b');
  EXPECT_EQ(addresses_text(instance, Detail::shortened, nobody), "via bbbbbbbbbbbb");
  instance.addresses = {{"10.88.0.2", "podman", AddressFamily::ipv4}};
  EXPECT_EQ(addresses_text(instance, Detail::shortened, nobody), "10.88.0.2");
  const NameOf db = [](const InstanceKey&, const std::string&) { return std::string("db"); };
  EXPECT_EQ(addresses_text(instance, Detail::shortened, db), "via db");
}

TEST(Cells, DigestsAreShortened) {
  Instance instance = web_instance();
  EXPECT_EQ(image_text(instance, Detail::shortened), "nginx:1");
  instance.image = "nginx@sha256:" + std::string(64, 'c');
  EXPECT_EQ(image_text(instance, Detail::shortened), "nginx@sha256:cccccccccccc");
  EXPECT_EQ(image_text(instance, Detail::full), instance.image);
  instance.image = std::string(64, 'd');
  EXPECT_EQ(image_text(instance, Detail::shortened), "dddddddddddd");
}

TEST(Cells, AgeIsInOneUnit) {
  EXPECT_EQ(short_duration(seconds(5)), "5s");
  EXPECT_EQ(short_duration(minutes(3)), "3m");
  EXPECT_EQ(short_duration(hours(2)), "2h");
  EXPECT_EQ(short_duration(hours(24 * 4 + 3)), "4d");
  EXPECT_EQ(short_duration(hours(24 * 800)), "2y");
  EXPECT_EQ(short_duration(seconds(-5)), "0s") << "the clocks of two hosts differ";
  EXPECT_EQ(age_text(web_instance(), Timestamp()), "-");
}

TEST(Cells, OnlyHexadecimalIdsAreShortened) {
  EXPECT_EQ(short_id(std::string(64, 'a')), "aaaaaaaaaaaa");
  EXPECT_EQ(short_id("systemd-resolved.service.with.a.long.name"),
            "systemd-resolved.service.with.a.long.name");
}

}  // namespace
}  // namespace rollcall::cli
