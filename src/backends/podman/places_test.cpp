#include "backends/podman/places.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace rollcall::podman {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::vector<Place>> found_with(std::map<std::string, std::string> variables,
                                      std::string endpoint = "",
                                      std::optional<TlsOptions> tls = std::nullopt) {
  BackendOptions options;
  options.tls = std::move(tls);
  options.endpoint = std::move(endpoint);
  options.getenv = [&](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(std::string(name));
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  return places(options);
}

std::vector<std::string> urls(std::map<std::string, std::string> variables,
                              std::string endpoint = "") {
  const auto found = found_with(std::move(variables), std::move(endpoint));
  if (!found) return {"error: " + found.error().describe()};
  std::vector<std::string> all;
  for (const Place& place : *found) {
    all.push_back(place.source + " " + place.url);
    if (!place.ssh_identity.empty()) all.back() += " key " + place.ssh_identity;
  }
  return all;
}

class PodmanPlaces : public testing::Test {
 protected:
  support::TempFolder home_;
};

TEST_F(PodmanPlaces, TheNamedEndpointBeatsContainerHostAndThatTheUsualSockets) {
  EXPECT_THAT(urls({{"CONTAINER_HOST", "tcp://other:8080"}}, "/x.sock"),
              ElementsAre("--endpoint unix:///x.sock"));
  EXPECT_THAT(urls({{"CONTAINER_HOST", "unix:///x.sock"}, {"XDG_RUNTIME_DIR", "/run/user/7"}}),
              ElementsAre("CONTAINER_HOST unix:///x.sock"));
  EXPECT_THAT(urls({{"CONTAINER_HOST", "ftp://x"}}),
              ElementsAre(HasSubstr("(from CONTAINER_HOST)")));
}

TEST_F(PodmanPlaces, TheSocketsOfTheSystemAndOfTheUser) {
  EXPECT_THAT(urls({{"CONTAINER_HOST", ""}, {"XDG_RUNTIME_DIR", "/run/user/7"}}),
              ElementsAre("system socket unix:///run/podman/podman.sock",
                          "rootless socket unix:///run/user/7/podman/podman.sock"));
}

TEST_F(PodmanPlaces, ConnectionsFollowEachPlaceOnceAndBySshTheDefaultAlone) {
  home_.write(".config/containers/podman-connections.json",
              R"({"Connection":{"Default":"b","Connections":{
            "a":{"URI":"tcp://10.0.0.7:8080"},"b":{"URI":"unix:///vm.sock"},
            "c":{"URI":"unix:///run/podman/podman.sock"},
            "d":{"URI":"ssh://me@there/run/podman/podman.sock"}}}})");
  EXPECT_THAT(urls({{"HOME", home_.path().string()}}),
              ElementsAre("system socket unix:///run/podman/podman.sock",
                          "connection b unix:///vm.sock", "connection a tcp://10.0.0.7:8080"));
  home_.write(".config/containers/podman-connections.json",
              R"({"Connection":{"Default":"d","Connections":{
            "d":{"URI":"ssh://me@there/run/podman/podman.sock","Identity":"/key"},
            "e":{"URI":"ssh://me@elsewhere"}}}})");
  EXPECT_THAT(urls({{"HOME", home_.path().string()}}),
              ElementsAre("system socket unix:///run/podman/podman.sock",
                          "connection d ssh://me@there/run/podman/podman.sock key /key"));
}

TEST_F(PodmanPlaces, HostsBySshHaveTheirKeys) {
  home_.write(".config/containers/podman-connections.json",
              R"({"Connection":{"Connections":{"d":{"URI":"ssh://me@d","Identity":"/key"}}}})");
  const std::string home = home_.path();
  EXPECT_THAT(urls({{"HOME", home}, {"CONTAINER_HOST", "ssh://me@d"}, {"CONTAINER_SSHKEY", "/k"}}),
              ElementsAre("CONTAINER_HOST ssh://me@d key /k"));
  EXPECT_THAT(urls({{"HOME", home}, {"CONTAINER_HOST", "ssh://me@d"}}),
              ElementsAre("CONTAINER_HOST ssh://me@d key /key"));
  EXPECT_THAT(urls({{"HOME", home}, {"CONTAINER_SSHKEY", "/k"}}, "ssh://me@e"),
              ElementsAre("--endpoint ssh://me@e key /k"));
}

TEST_F(PodmanPlaces, WithoutThatFileTheConfigurationHasThem) {
  home_.write("containers/containers.conf",
              "[engine.service_destinations.old]\nuri = \"unix:///old.sock\"\n");
  EXPECT_THAT(urls({{"XDG_CONFIG_HOME", home_.path().string()}, {"HOME", "/nonexistent"}}),
              ElementsAre("system socket unix:///run/podman/podman.sock",
                          "connection old unix:///old.sock"));
}

TEST_F(PodmanPlaces, ABrokenFileIsSaidAndDecidesNothing) {
  home_.write(".config/containers/podman-connections.json", R"({"Connection": {"Def)");
  home_.write(".config/containers/containers.conf",
              "[engine.service_destinations.a]\nuri = \"unix:///a.sock\"\n");
  std::vector<std::string> warnings;
  BackendOptions options;
  options.getenv = [&](std::string_view name) -> std::optional<std::string> {
    return name == "HOME" ? std::optional(home_.path().string()) : std::nullopt;
  };
  options.log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  };
  const auto found = places(options);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->back().url, "unix:///a.sock");
  EXPECT_THAT(found->front().note, HasSubstr("podman-connections.json of Podman's configuration"));
  EXPECT_THAT(warnings, ElementsAre(found->front().note));
  EXPECT_THAT(urls({{"HOME", home_.path().string()}, {"CONTAINER_CONNECTION", "a"}}),
              ElementsAre(testing::AllOf(HasSubstr("cannot be looked up"),
                                         HasSubstr("podman-connections.json"))));
}

TEST_F(PodmanPlaces, AChosenConnectionIsTheOnlyPlace) {
  home_.write("c.json", R"({"Connection":{"Connections":{"a":{"URI":"unix:///a.sock"},
                      "far":{"URI":"ssh://me@there/x.sock"}}}})");
  const std::string file = home_.path() / "c.json";
  EXPECT_THAT(urls({{"PODMAN_CONNECTIONS_CONF", file}, {"CONTAINER_CONNECTION", "a"}}),
              ElementsAre("CONTAINER_CONNECTION unix:///a.sock"));
  EXPECT_THAT(urls({{"PODMAN_CONNECTIONS_CONF", file}, {"CONTAINER_CONNECTION", "b"}}),
              ElementsAre(HasSubstr("a connection that Podman does not know")));
  EXPECT_THAT(urls({{"PODMAN_CONNECTIONS_CONF", file}, {"CONTAINER_CONNECTION", "far"}}),
              ElementsAre("CONTAINER_CONNECTION ssh://me@there/x.sock"));
  EXPECT_THAT(urls({{"PODMAN_CONNECTIONS_CONF", file},
                    {"CONTAINER_CONNECTION", "a"},
                    {"CONTAINER_HOST", "unix:///other.sock"}}),
              ElementsAre("CONTAINER_CONNECTION unix:///a.sock"));
}

TEST_F(PodmanPlaces, TwoConnectionsWithOneUrlHaveEachItsKey) {
  home_.write("c.json", R"({"Connection":{"Default":"b","Connections":{
                      "a":{"URI":"ssh://me@there","Identity":"/key-a"},
                      "b":{"URI":"ssh://me@there","Identity":"/key-b"}}}})");
  const std::string file = home_.path() / "c.json";
  for (const char* name : {"a", "b"}) {
    const std::string key = std::string("/key-") + name;
    EXPECT_THAT(urls({{"PODMAN_CONNECTIONS_CONF", file}, {"CONTAINER_CONNECTION", name}}),
                ElementsAre("CONTAINER_CONNECTION ssh://me@there key " + key));
  }
}

TEST_F(PodmanPlaces, WhatTheProgramSaysAboutTlsCountsWhoeverHasDecidedThePlace) {
  const TlsOptions pinned{.fingerprint = std::string(64, 'a')};
  const std::string file = home_.path() / "c.json";
  home_.write("c.json", R"({"Connection":{"Connections":{"a":{"URI":"https://a:1"},
                      "b":{"URI":"tcp://b:1"}}}})");
  const auto expect = [&](std::map<std::string, std::string> variables, const char* endpoint) {
    variables["PODMAN_CONNECTIONS_CONF"] = file;
    const auto found = found_with(std::move(variables), endpoint, pinned);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->back().url, "https://a:1");
    EXPECT_EQ(found->back().tls, pinned);
    EXPECT_THAT(found->back().note, HasSubstr("pinned"));
  };
  expect({}, "https://a:1");
  expect({{"CONTAINER_HOST", "https://a:1"}}, "");
  expect({{"CONTAINER_CONNECTION", "a"}}, "");
  expect({}, "");  // And b is left out: it is without TLS.
  const auto open = found_with({{"CONTAINER_HOST", "tcp://h:1"}}, "", pinned);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind, ErrorKind::invalid_config);
  EXPECT_THAT(open.error().describe(), HasSubstr("(from CONTAINER_HOST)"));
  EXPECT_THAT(open.error().remedy, HasSubstr("https://"));
}

}  // namespace
}  // namespace rollcall::podman
