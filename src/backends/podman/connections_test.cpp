#include "backends/podman/connections.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::podman {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PodmanConnections, OfPodman5AreJsonTheDefaultFirst) {
  EXPECT_THAT(read_connections_json(R"({"Connection":{"Default":"vm","Connections":{
                  "box":{"URI":"ssh://me@box","Identity":"/home/me/.ssh/id"},
                  "vm":{"URI":"unix:///run/user/7/podman/vm.sock","IsMachine":true}}},
                  "Farm":{}})"),
              ElementsAre(Connection{"vm", "unix:///run/user/7/podman/vm.sock", "", true},
                          Connection{"box", "ssh://me@box", "/home/me/.ssh/id", false}));
}

TEST(PodmanConnections, WhatIsNoSuchFileHasNone) {
  for (const char* text :
       {"", "garbage", "[]", "{}", R"({"Connection":7})", R"({"Connection":{"Connections":[]}})",
        R"({"Connection":{"Connections":{"a":7,"b":{},"c":{"URI":5}}}})"}) {
    EXPECT_THAT(read_connections_json(text), IsEmpty()) << text;
  }
}

TEST(PodmanConnections, OfPodman4AreTablesOfItsConfiguration) {
  EXPECT_THAT(read_containers_conf("[containers]\nuri = \"no\"\n"
                                   "[engine]\n  active_service = \"vm\"  \n"
                                   "  [engine.service_destinations]\n"
                                   "    [engine.service_destinations.box]\n"
                                   "      uri = \"tcp://10.0.0.7:8080\"\r\n"
                                   "      identity = \"/home/me/.ssh/id\"\n"
                                   "    [engine.service_destinations.\"vm\"]\n"
                                   "      uri = 'unix:///run/vm.sock'\n"
                                   "[network]\nuri = \"no\""),
              ElementsAre(Connection{"vm", "unix:///run/vm.sock", "", true},
                          Connection{"box", "tcp://10.0.0.7:8080", "/home/me/.ssh/id", false}));
}

TEST(PodmanConnections, AConfigurationThatIsBrokenIsReadAsFarAsItGoes) {
  for (const char* text : {"[", "[engine.service_destinations.", "uri = ", "=", "[]\n=\n'",
                           "[engine.service_destinations.a]\nuri = \"", "[engine"}) {
    EXPECT_THAT(read_containers_conf(text), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace rollcall::podman
