#include "backends/podman/configuration.hpp"

#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/budgets.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::podman {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Folders of a system and of a user's home.
class PodmanConfiguration : public testing::Test {
 protected:
  void add_conf(const std::string& file, const std::string& name) {
    folder_.write(file, fmt::format("[engine.service_destinations.{}]\nuri='{}'\n", name, file));
  }

  Configuration read(std::map<std::string, std::string, std::less<>> variables = {}) {
    variables.try_emplace("HOME", at("home"));
    BackendOptions options;
    options.getenv = [&](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return read_configuration(options, at("root"));
  }
  [[nodiscard]] std::string at(const std::string& file) const {
    return (folder_.path() / file).string();
  }

  static std::vector<std::string> uris(const Configuration& configuration) {
    EXPECT_THAT(configuration.faults, IsEmpty());
    std::vector<std::string> all;
    for (const auto& each : configuration.connections) all.push_back(each.name + "=" + each.uri);
    return all;
  }

  support::TempFolder folder_;
};

constexpr const char* user = "home/.config/containers/";

TEST_F(PodmanConfiguration, JoinsTheFilesOfSystemAndUser) {
  add_conf("root/usr/share/containers/containers.conf", "shared");
  add_conf("root/etc/containers/containers.conf", "system");
  add_conf("root/etc/containers/containers.conf.d/10-a.conf", "piece");
  add_conf(user + std::string("containers.conf"), "own");
  add_conf(user + std::string("containers.conf.d/10-a.conf"), "own_piece");
  folder_.write(user + std::string("podman-connections.json"),
                R"({"Connection":{"Connections":{"told":{"URI":"t"}}}})");
  add_conf("last.conf", "last");
  EXPECT_THAT(uris(read({{"CONTAINERS_CONF_OVERRIDE", at("last.conf")}})),
              ElementsAre("last=last.conf", HasSubstr("own=home"), HasSubstr("own_piece=home"),
                          HasSubstr("piece=root/etc"), HasSubstr("shared=root/usr"),
                          HasSubstr("system=root/etc"), "told=t"));
}

TEST_F(PodmanConfiguration, TheLaterOfTwoCountsMore) {
  const std::vector<std::string> in_order = {"root/usr/share/containers/containers.conf",
                                             "root/etc/containers/containers.conf",
                                             "root/etc/containers/containers.conf.d/1.conf",
                                             "root/etc/containers/containers.conf.d/2.conf",
                                             user + std::string("containers.conf"),
                                             user + std::string("containers.conf.d/1.conf")};
  for (const std::string& file : in_order) {
    add_conf(file, "a");
    EXPECT_THAT(uris(read()), ElementsAre("a=" + file));
  }
  add_conf("last.conf", "a");
  EXPECT_THAT(uris(read({{"CONTAINERS_CONF_OVERRIDE", at("last.conf")}})),
              ElementsAre("a=last.conf"));
  folder_.write(user + std::string("podman-connections.json"),
                R"({"Connection":{"Connections":{"a":{"URI":"j"}}}})");
  EXPECT_THAT(uris(read({{"CONTAINERS_CONF_OVERRIDE", at("last.conf")}})), ElementsAre("a=j"));
}

TEST_F(PodmanConfiguration, VariablesNameOtherFiles) {
  add_conf("root/etc/containers/containers.conf", "system");
  add_conf(user + std::string("containers.conf"), "own");
  add_conf("only.conf", "only");
  add_conf("xdg/containers/containers.conf", "xdg");
  folder_.write("c.json", R"({"Connection":{"Connections":{"told":{"URI":"t"}}}})");
  EXPECT_THAT(uris(read({{"CONTAINERS_CONF", at("only.conf")}})), ElementsAre("only=only.conf"));
  EXPECT_THAT(uris(read({{"XDG_CONFIG_HOME", at("xdg")}})),
              ElementsAre(HasSubstr("system="), HasSubstr("xdg=")));
  EXPECT_THAT(uris(read({{"PODMAN_CONNECTIONS_CONF", at("c.json")}})),
              ElementsAre(HasSubstr("own="), HasSubstr("system="), "told=t"));
}

TEST_F(PodmanConfiguration, OnlyFilesOfThatEndingArePieces) {
  const std::string pieces = user + std::string("containers.conf.d/");
  add_conf(pieces + "a.conf.bak", "no");
  add_conf(pieces + "folder.conf/x.conf", "no");
  add_conf(pieces + "b.conf", "b");
  EXPECT_THAT(uris(read()), ElementsAre(HasSubstr("b=")));
}

TEST_F(PodmanConfiguration, WhatIsBrokenIsSaidAndTheRestIsRead) {
  folder_.write(user + std::string("containers.conf"), "[engine");
  folder_.write(user + std::string("podman-connections.json"), "{\"Connection\": ");
  add_conf(user + std::string("containers.conf.d/a.conf"), "a");
  std::filesystem::create_symlink("nowhere", at(user + std::string("containers.conf.d/b.conf")));
  const auto configuration = read({{"CONTAINERS_CONF_OVERRIDE", at("none.conf")}});
  EXPECT_THAT(configuration.connections, testing::SizeIs(1));
  EXPECT_THAT(configuration.faults,
              ElementsAre(HasSubstr("containers.conf of Podman's configuration is passed over: it "
                                    "is no TOML: line 1"),
                          HasSubstr("b.conf of Podman's configuration is passed over: it cannot be "
                                    "read"),
                          HasSubstr("none.conf of Podman's"),
                          HasSubstr("podman-connections.json of Podman's")));
  EXPECT_THAT(read({{"CONTAINERS_CONF", at("none")}}).faults,
              ElementsAre(HasSubstr("none"), HasSubstr("podman-connections.json")));
}

TEST_F(PodmanConfiguration, AFolderOfTooManyPiecesIsPassedOver) {
  for (std::size_t i = 0; i <= budget::podman_conf_files; ++i) {
    add_conf(fmt::format("{}containers.conf.d/{}.conf", user, i), "a");
  }
  const auto configuration = read();
  EXPECT_THAT(configuration.connections, IsEmpty());
  EXPECT_THAT(configuration.faults, ElementsAre(HasSubstr("more than 256 files")));
}

}  // namespace
}  // namespace rollcall::podman
