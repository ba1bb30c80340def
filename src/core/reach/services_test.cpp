#include "core/reach/services.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/labels/metadata.hpp"
#include "core/labels/readers/values.hpp"
#include "core/reach/port_table.hpp"
#include "support/paths.hpp"

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

TEST(Services, OneProtocolOfAPortMayBeSwitchedOff) {
  const std::vector ports = {internal(53), internal(53, Protocol::udp)};
  const auto udp_off = derive_services(with(ports, {{"SERVICE_53_UDP_IGNORE", "yes"}}));
  ASSERT_EQ(udp_off.size(), 2U);
  EXPECT_TRUE(udp_off[0].enable.value);
  EXPECT_FALSE(udp_off[1].enable.value);
  EXPECT_EQ(udp_off[1].enable.source, "SERVICE_53_UDP_IGNORE");
  const auto tcp_off = derive_services(with(ports, {{"SERVICE_53_TCP_IGNORE", "yes"}}));
  EXPECT_FALSE(tcp_off[0].enable.value);
  EXPECT_TRUE(tcp_off[1].enable.value);
  const auto on = derive_services(
      with(ports, {{"SERVICE_53_UDP_IGNORE", "yes"}, {"rollcall.ports.53.enable", "yes"}}));
  EXPECT_TRUE(on[1].enable.value) << "what is said of both by a stronger label";
  EXPECT_TRUE(derive_services(with({}, {{"SERVICE_53_UDP_IGNORE", "yes"}})).empty());
}

TEST(Services, APortThatOnlyALabelKnowsIsOne) {
  const auto services = derive_services(with({}, {{"rollcall.port", "8080"}}));
  ASSERT_EQ(services.size(), 1U);
  EXPECT_FALSE(services[0].listed);
  EXPECT_TRUE(services[0].primary);
}

// All services: port/protocol, type and its source; the primary one marked.
std::vector<std::string> all_of(const Instance& instance) {
  std::vector<std::string> all;
  for (const Service& service : derive_services(instance)) {
    all.push_back(fmt::format("{}{}/{} {} ({}){}", service.primary ? "*" : "", service.port,
                              to_string(service.protocol), service.type.value, service.type.source,
                              service.listed ? "" : " unlisted"));
  }
  return all;
}

using All = std::vector<std::string>;

TEST(Services, ANameThatALabelGivesIsNoType) {
  EXPECT_EQ(type_of(with({internal(3000)}, {{"SERVICE_3000_NAME", "git"}})),
            "_http._tcp (port table)");
  PortMapping port = internal(3000);
  port.name = "git";
  EXPECT_EQ(type_of(with({port}, {{"SERVICE_3000_NAME", "front"}})), "_git._tcp (port name)");
}

TEST(Services, APortThatIsSpokenOfIsOne) {
  EXPECT_EQ(all_of(with({}, {{"rollcall.ports.9000.type", "http"}})),
            All({"*9000/tcp _http._tcp (rollcall.ports.9000.type) unlisted"}));
  EXPECT_EQ(all_of(with({}, {{"rollcall.ports.5300.type", "_domain._udp"}})),
            All({"*5300/udp _domain._udp (rollcall.ports.5300.type) unlisted"}));
  EXPECT_EQ(all_of(with({internal(9000, Protocol::udp)}, {{"SERVICE_9000_NAME", "x"}})),
            All({"*9000/udp _port-9000._udp (fallback)"}));
  EXPECT_EQ(all_of(with({}, {{"SERVICE_9000_NAME", "x"}})),
            All({"*9000/tcp _http._tcp (port table) unlisted"}));
  EXPECT_EQ(all_of(with({}, {{"SERVICE_9000_IGNORE", "yes"}})), All()) << "that is switched off";
}

TEST(Services, ATypeOfOneProtocolIsNotThatOfAnother) {
  EXPECT_EQ(
      all_of(with({internal(53), internal(53, Protocol::udp)},
                  {{"rollcall.ports.53.type", "_doh._tcp"}})),
      All({"*53/tcp _doh._tcp (rollcall.ports.53.type)", "53/udp _domain._udp (port table)"}));
}

TEST(Services, AUdpServiceOfTraefikIsOnUdp) {
  const std::string port = "traefik.udp.services.dns.loadbalancer.server.port";
  EXPECT_EQ(all_of(with({}, {{port, "53"}})), All({"*53/udp _domain._udp (port table) unlisted"}));
  EXPECT_EQ(all_of(with({internal(53), internal(53, Protocol::udp)}, {{port, "53"}})),
            All({"53/tcp _domain._tcp (port table)", "*53/udp _domain._udp (port table)"}));
  EXPECT_EQ(all_of(with({}, {{"rollcall.port", "51820"}, {"rollcall.scheme", "udp"}})),
            All({"*51820/udp _port-51820._udp (fallback) unlisted"}));
}

TEST(Services, ARouteLeadsToTcp) {
  const std::string rule = "traefik.http.routers.r.rule";
  EXPECT_EQ(all_of(with({internal(443, Protocol::udp)},
                        {{rule, "Host(`a`)"},
                         {"traefik.http.services.s.loadbalancer.server.port", "443"},
                         {"traefik.http.services.s.loadbalancer.server.scheme", "https"}})),
            All({"*443/tcp _https._tcp (traefik.http.services.s.loadbalancer.server.scheme) "
                 "unlisted",
                 "443/udp _https._udp (port table)"}));
}

TEST(Services, TheSchemeOfOnePortIsNotThatOfAnother) {
  const Instance instance =
      with({internal(8080), internal(8443)},
           {{"traefik.http.services.admin.loadbalancer.server.port", "8443"},
            {"traefik.http.services.admin.loadbalancer.server.scheme", "https"},
            {"traefik.http.services.app.loadbalancer.server.port", "8080"}});
  EXPECT_EQ(all_of(instance),
            All({"*8080/tcp _http._tcp (port table)", "8443/tcp _https._tcp (port table)"}));
  const Instance chosen = with({internal(8080)}, {{"rollcall.port", "8080"},
                                                  {"traefik.http.services.s.loadbalancer."
                                                   "server.port",
                                                   "9999"},
                                                  {"traefik.http.services.s.loadbalancer."
                                                   "server.scheme",
                                                   "https"}});
  EXPECT_EQ(type_of(chosen), "_http._tcp (port table)");
}

TEST(Services, TagsAndNamesOfThePortBeatThoseOfTheInstance) {
  const Instance instance =
      with({internal(80), internal(443)},
           {{"SERVICE_TAGS", "a,b"}, {"SERVICE_443_TAGS", "c"}, {"SERVICE_443_NAME", "front"}});
  const auto services = derive_services(instance);
  EXPECT_TRUE(std::ranges::equal(services[0].tags, std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(std::ranges::equal(services[1].tags, std::vector<std::string>{"c"}));
  EXPECT_EQ(services[1].name.value, "front");
  EXPECT_EQ(services[1].name.source, "SERVICE_443_NAME");
}

}  // namespace
}  // namespace rollcall
