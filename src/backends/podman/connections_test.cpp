#include "backends/podman/connections.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::podman {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Connection> of_json(std::string_view text) {
  const auto read = read_connections_json(text);
  EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error());
  return joined({}, read.value_or(Destinations()));
}

std::vector<Connection> of_conf(std::string_view text) {
  const auto read = read_containers_conf(text);
  EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error());
  return joined(read.value_or(Destinations()), {});
}

TEST(PodmanConnections, OfPodman5AreJsonTheDefaultFirst) {
  EXPECT_THAT(of_json(R"({"Connection":{"Default":"vm","Connections":{
                  "box":{"URI":"ssh://me@box","Identity":"/home/me/.ssh/id"},
                  "vm":{"URI":"unix:///run/user/7/podman/vm.sock","IsMachine":true}}},
                  "Farm":{}})"),
              ElementsAre(Connection{"vm", "unix:///run/user/7/podman/vm.sock", "", true},
                          Connection{"box", "ssh://me@box", "/home/me/.ssh/id", false}));
}

TEST(PodmanConnections, KeysOfTheJsonCountInAnyCase) {
  EXPECT_THAT(of_json(R"({"connection":{"DEFAULT":"a","connections":{"a":{"uri":"unix:///a"}}}})"),
              ElementsAre(Connection{"a", "unix:///a", "", true}));
  EXPECT_THAT(
      of_json(R"({"Connection":{"Connections":{"A":{"URI":"1","uri":"2"},"a":{"URI":"3"}}}})"),
      ElementsAre(Connection{"A", "2", "", false}, Connection{"a", "3", "", false}));
}

TEST(PodmanConnections, WhatSaysNothingHasNone) {
  for (const char* text : {"{}", R"({"Connection":null})", R"({"Connection":{}} and more)",
                           R"({"Connection":{"Connections":{"b":{}}}})"}) {
    EXPECT_THAT(of_json(text), IsEmpty()) << text;
  }
}

TEST(PodmanConnections, ABrokenJsonIsSaid) {
  for (const char* text :
       {"", "garbage", "[]", "{", R"({"Connection": {"Default": "a", "Conn)", R"({"Connection":7})",
        R"({"Connection":{"Connections":[]}})", R"({"Connection":{"Default":7}})",
        R"({"Connection":{"Connections":{"a":7}}})",
        R"({"Connection":{"Connections":{"a":{"URI":7}}}})"}) {
    EXPECT_FALSE(read_connections_json(text)) << text;
  }
}

TEST(PodmanConnections, OfPodman4AreTablesOfItsConfiguration) {
  EXPECT_THAT(of_conf("[containers]\nuri = \"no\"\n"
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

TEST(PodmanConnections, EachSpellingOfTomlIsTheSame) {
  for (const char* text :
       {"[engine.service_destinations.b] # here\nuri = \"u\" # there\n",
        "[ engine . service_destinations . b ]\n  uri=\"u\"\n",
        "[engine]\nservice_destinations = {b = {uri = 'u'}}\n",
        "[engine.service_destinations]\nb.uri = \"u\"\n",
        "[engine.service_destinations]\nb = { uri = \"u\", identity = \"\" }\n",
        "[engine]\nservice_destinations.b.uri = \"u\"\n", "engine.service_destinations.b.uri = 'u'",
        "[engine.service_destinations.\"b\"]\n\"uri\" = '''u'''\n",
        "[engine.service_destinations.b]\nuri = \"\\u0075\"\n",
        "[engine]\nhelper = [\n 'a', # ]\n]\n[engine.service_destinations.b]\nuri = "
        "\"\"\"\nu\"\"\"",
        "[Engine]\n[Engine.Service_Destinations.b]\nURI = 'u'\n"}) {
    EXPECT_THAT(of_conf(text), ElementsAre(Connection{"b", "u", "", false})) << text;
  }
  EXPECT_THAT(of_conf("[engine.service_destinations.\"b.x y\"]\nuri = 'u'"),
              ElementsAre(Connection{"b.x y", "u", "", false}));
}

TEST(PodmanConnections, ABrokenConfigurationIsSaidWithItsLine) {
  for (const char* text :
       {"[", "\n[engine.service_destinations.", "uri = ", "=", "[]\n=\n'",
        "[engine.service_destinations.a]\nuri = \"", "[engine", "[engine]\n[engine]\n",
        "engine = 7", "[engine]\nactive_service = true", "[engine]\nservice_destinations = []",
        "[engine.service_destinations]\na = 'u'", "[engine.service_destinations.a]\nuri = 7"}) {
    const auto read = read_containers_conf(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error(), HasSubstr("line")) << text;
  }
}

TEST(PodmanConnections, WhatIsReadLaterCountsMore) {
  Destinations all = *read_containers_conf(
      "[engine]\nactive_service='a'\nservice_destinations={a={uri='1',identity='i'},b={uri='2'}}");
  all.add(*read_containers_conf("[engine.service_destinations.a]\nuri='3'"));
  EXPECT_THAT(joined(all, {}),
              ElementsAre(Connection{"a", "3", "", true}, Connection{"b", "2", "", false}));
  const auto own =
      *read_connections_json(R"({"Connection":{"Connections":{"b":{"URI":"4"},"c":{"URI":"5"}}}})");
  EXPECT_THAT(joined(all, own),
              ElementsAre(Connection{"a", "3", "", true}, Connection{"b", "4", "", false},
                          Connection{"c", "5", "", false}));
  Destinations chosen = own;
  chosen.default_name = "c";
  EXPECT_EQ(joined(all, chosen).front(), (Connection{"c", "5", "", true}));
}

}  // namespace
}  // namespace rollcall::podman
