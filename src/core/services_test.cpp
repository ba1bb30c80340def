#include "core/services.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/metadata.hpp"
#include "core/port_table.hpp"
#include "core/readers/values.hpp"

namespace rollcall {
namespace {

using Labeled = std::vector<Labels::Entry>;

PortMapping internal(std::uint16_t port, Protocol protocol = Protocol::tcp) {
  PortMapping mapping;
  mapping.container_port = port;
  mapping.protocol = protocol;
  return mapping;
}

PortMapping published(std::uint16_t port, std::string ip = "0.0.0.0") {
  PortMapping mapping = internal(port);
  mapping.host_ip = std::move(ip);
  mapping.host_port = static_cast<std::uint16_t>(port + 10000);
  mapping.scope = PortScope::published;
  return mapping;
}

Instance with(std::vector<PortMapping> ports, const Labeled& labels = {}) {
  Instance instance;
  instance.state = InstanceState::running;
  instance.ports = std::move(ports);
  instance.labels = Labels(labels);
  instance.metadata = read_metadata(instance.labels).metadata;
  return instance;
}

std::string primary_of(const Instance& instance) {
  for (const Service& service : derive_services(instance)) {
    if (service.primary) return std::to_string(service.port) + ": " + service.why;
  }
  return "none";
}

// The type of the first service, and its source.
std::string type_of(const Instance& instance) {
  const auto services = derive_services(instance);
  if (services.empty()) return "none";
  return services[0].type.value + " (" + services[0].type.source + ")";
}

TEST(PortTable, NamesAreServiceNames) {
  EXPECT_GE(port_table().size(), 150U);
  for (const PortRow& row : port_table()) {
    EXPECT_TRUE(readers::parse_service_type(row.service)) << row.service;
    EXPECT_EQ(find_port_row(row.port, row.protocol), &row);
  }
}

TEST(PortTable, IsWholeInItsPage) {
  std::ifstream page(ROLLCALL_SOURCE_DIR "/docs/services.md");
  const std::string text((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  std::string words = text;
  std::ranges::replace(words, '\n', ' ');
  for (const PortRow& row : port_table()) {
    const std::string entry = fmt::format(" {} {}", row.port, row.service);
    EXPECT_TRUE(words.contains(entry + ",") || words.contains(entry + ".")) << entry;
  }
}

TEST(PortTable, KnowsTcpAndUdpApart) {
  EXPECT_EQ(find_port_row(53, Protocol::udp)->service, "domain");
  EXPECT_EQ(find_port_row(5432, Protocol::tcp)->service, "postgresql");
  EXPECT_EQ(find_port_row(5432, Protocol::udp), nullptr);
  EXPECT_EQ(find_port_row(51820, Protocol::udp), nullptr);
  EXPECT_TRUE(find_port_row(80, Protocol::tcp)->registered);
  EXPECT_FALSE(find_port_row(8080, Protocol::tcp)->registered);
}

TEST(Services, OnePortPublishedTwiceIsOneService) {
  const auto services = derive_services(with({published(80), published(80, "::")}));
  ASSERT_EQ(services.size(), 1U);
  EXPECT_EQ(services[0].port, 80);
  EXPECT_TRUE(services[0].listed);
}

TEST(Services, TheTypeComesFromTheTableOfPorts) {
  EXPECT_EQ(type_of(with({internal(5432)})), "_postgresql._tcp (port table)");
  EXPECT_EQ(type_of(with({internal(53, Protocol::udp)})), "_domain._udp (port table)");
  EXPECT_EQ(type_of(with({internal(3868, Protocol::sctp)})), "_diameter._udp (port table)");
}

TEST(Services, ThePortItselfIsTheFallback) {
  EXPECT_EQ(type_of(with({internal(4711)})), "_port-4711._tcp (fallback)");
  EXPECT_EQ(type_of(with({internal(65535, Protocol::udp)})), "_port-65535._udp (fallback)");
}

TEST(Services, ANameThatTheRuntimeGivesIsBetterThanTheTable) {
  PortMapping port = internal(9000);
  port.name = "postgresql";
  EXPECT_EQ(type_of(with({port})), "_postgresql._tcp (port name)");
  port.name = "web";
  EXPECT_EQ(type_of(with({port})), "_http._tcp (port table)") << "that is no service's name";
  port.container_port = 4711;
  EXPECT_EQ(derive_services(with({port}))[0].name.value, "web");
}

TEST(Services, LabelsAreBetterThanBoth) {
  PortMapping port = internal(5432);
  port.name = "redis";
  EXPECT_EQ(type_of(with({port}, {{"koi.type", "http"}})), "_http._tcp (koi.type)");
  EXPECT_EQ(type_of(with({port}, {{"koi.type", "_ipp._tcp"}, {"rollcall.ports.5432.type", "ssh"}})),
            "_ssh._tcp (rollcall.ports.5432.type)");
  EXPECT_EQ(type_of(with({port}, {{"rollcall.scheme", "https"}})), "_https._tcp (rollcall.scheme)");
  EXPECT_EQ(type_of(with({port}, {{"rollcall.scheme", "postgres"}})), "_redis._tcp (port name)");
}

TEST(Services, TheTypeOfTheInstanceIsThatOfItsPrimaryPort) {
  const auto services =
      derive_services(with({internal(80), internal(4711)}, {{"koi.type", "ipp"}}));
  EXPECT_EQ(services[0].type.value, "_ipp._tcp");
  EXPECT_EQ(services[1].type.value, "_port-4711._tcp");
}

TEST(Services, WhatAProxyIsSentToSpeaksHttpUnlessSomethingElseIsSaid) {
  const std::string rule = "traefik.http.routers.r.rule";
  const std::string port = "traefik.http.services.s.loadbalancer.server.port";
  EXPECT_EQ(type_of(with({internal(4711)}, {{rule, "Host(`a`)"}, {port, "4711"}})),
            "_http._tcp (" + rule + ")");
  EXPECT_EQ(type_of(with({internal(4711)},
                         {{"traefik.tcp.routers.r.rule", "HostSNI(`*`)"},
                          {"traefik.tcp.services.s.loadbalancer.server.port", "4711"}})),
            "_port-4711._tcp (fallback)");
}

TEST(Services, ThePrimaryOneIsChosenInFiveSteps) {
  EXPECT_EQ(primary_of(with({})), "none");
  EXPECT_EQ(primary_of(with({internal(9), internal(80)}, {{"rollcall.port", "80"}})),
            "80: rollcall.port says 80");
  EXPECT_EQ(primary_of(with({internal(53, Protocol::udp)})), "53: it is the only one");
  EXPECT_EQ(primary_of(with({internal(80), published(9000), published(9001)})),
            "9000: it is the lowest TCP port that the host forwards or has");
  EXPECT_EQ(primary_of(with({internal(53, Protocol::udp), internal(80), internal(443)})),
            "80: it is the lowest TCP port");
  EXPECT_EQ(primary_of(with({internal(53, Protocol::udp), internal(67, Protocol::udp)})),
            "53: it is the lowest");
}

TEST(Services, APortThatIsSwitchedOffIsNotPrimary) {
  const Instance instance =
      with({internal(80), internal(443)}, {{"rollcall.ports.80.enable", "no"}});
  EXPECT_EQ(primary_of(instance), "443: it is the lowest TCP port");
  const auto services = derive_services(instance);
  EXPECT_FALSE(services[0].enable.value);
  EXPECT_EQ(services[0].enable.source, "rollcall.ports.80.enable");
  EXPECT_TRUE(services[1].enable.value);
}

TEST(Services, APortThatOnlyALabelKnowsIsOne) {
  const auto services = derive_services(with({}, {{"rollcall.port", "8080"}}));
  ASSERT_EQ(services.size(), 1U);
  EXPECT_FALSE(services[0].listed);
  EXPECT_TRUE(services[0].primary);
}

TEST(Services, TagsAndNamesOfThePortBeatThoseOfTheInstance) {
  const auto services = derive_services(
      with({internal(80), internal(443)},
           {{"SERVICE_TAGS", "a,b"}, {"SERVICE_443_TAGS", "c"}, {"SERVICE_443_NAME", "front"}}));
  EXPECT_EQ(services[0].tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(services[1].tags, (std::vector<std::string>{"c"}));
  EXPECT_EQ(services[1].name.value, "front");
  EXPECT_EQ(services[1].name.source, "SERVICE_443_NAME");
}

}  // namespace
}  // namespace rollcall
