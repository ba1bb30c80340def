#include "cli/selection.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace rollcall::cli {
namespace {

namespace fs = std::filesystem;

class SelectedEngines : public testing::Test {
 protected:
  SelectedEngines() {
    std::string pattern = (fs::temp_directory_path() / "rollcall-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.getenv = [this](std::string_view name) -> std::optional<std::string> {
      const auto at = variables_.find(name);
      return at == variables_.end() ? std::nullopt : std::optional(at->second);
    };
  }
  ~SelectedEngines() override { fs::remove_all(folder_); }

  std::string touch(const std::string& name) const {
    std::ofstream(folder_ / name).flush();
    return (folder_ / name).string();
  }

  static Selection select(const std::vector<std::string>& runtimes,
                          const std::vector<std::string>& endpoints) {
    auto selection = Selection::parse(runtimes, endpoints);
    EXPECT_TRUE(selection.has_value());
    return selection.value_or(Selection());
  }

  /// Ignores other runtimes that this host may have.
  static std::vector<SelectedEngine> of_docker(std::vector<SelectedEngine> targets) {
    std::erase_if(targets, [](const SelectedEngine& it) {
      return it.choice.kind != RuntimeBackendKind::docker;
    });
    return targets;
  }

  fs::path folder_;
  std::map<std::string, std::string, std::less<>> variables_;
  BackendOptions options_;
};

TEST_F(SelectedEngines, AVariableDecides) {
  variables_["DOCKER_HOST"] = "unix:///somewhere/else.sock";
  const auto targets = of_docker(engines_to_list(select({}, {}), options_));
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].url(), "unix:///somewhere/else.sock");
  EXPECT_FALSE(targets[0].named);
}

TEST_F(SelectedEngines, OfAllTheHostIsTheLastAndOfAutoItIsNone) {
  EXPECT_EQ(engines_to_list(select({}, {}), options_).back().choice.kind, RuntimeBackendKind::host);
  EXPECT_EQ(engines_to_watch(select({"all"}, {}), options_).back().choice.kind,
            RuntimeBackendKind::host);
  for (const SelectedEngine& target : engines_to_list(select({"auto"}, {}), options_)) {
    EXPECT_NE(target.choice.kind, RuntimeBackendKind::host);
  }
}

TEST_F(SelectedEngines, OneSocketUnderTwoNamesIsOneEngine) {
  const std::string socket = touch("engine.sock");
  fs::create_symlink(socket, folder_ / "link.sock");
  const auto link = (folder_ / "link.sock").string();
  const auto targets = engines_to_list(select({}, {socket, link}), options_);
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].url(), "unix://" + socket);
  EXPECT_TRUE(targets[0].named);
}

TEST_F(SelectedEngines, WhatCannotBeToldIsLeftToTheBackend) {
  variables_["DOCKER_HOST"] = "nonsense://";
  for (const auto* runtime : {"docker", "auto", "kubernetes"}) {
    const auto targets = engines_to_list(select({runtime}, {}), options_);
    ASSERT_EQ(targets.size(), 1U) << runtime;
    EXPECT_TRUE(targets[0].url().empty()) << runtime;
    EXPECT_TRUE(targets[0].named) << runtime;
  }
}

TEST_F(SelectedEngines, ARuntimeThatIsNowhereIsWaitedForAsAWhole) {
  variables_["HOME"] = folder_.string();
  const auto listed = engines_to_list(select({"docker"}, {}), options_);
  const auto watched = engines_to_watch(select({"docker"}, {}), options_);
  EXPECT_GT(listed.size(), 1U);
  ASSERT_EQ(watched.size(), 1U);
  // No variable moves this place: on a host with an engine of its own, that one is watched.
  const bool engine_here = fs::exists("/var/run/docker.sock");
  EXPECT_EQ(watched[0].url(), engine_here ? "unix:///var/run/docker.sock" : "");
}

TEST_F(SelectedEngines, AUsualPlaceThatIsNotThereIsWaitedForAndOneThatAVariableNamesIsMissed) {
  constexpr auto usual = "unix:///run/dbus/system_bus_socket";
  const auto waited = engines_to_watch(select({"systemd"}, {}), options_);
  ASSERT_EQ(waited.size(), 1U);
  EXPECT_EQ(waited[0].url(), fs::exists("/run/dbus/system_bus_socket") ? usual : "");
  variables_["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent/bus";
  const auto missed = engines_to_watch(select({"systemd"}, {}), options_);
  ASSERT_EQ(missed.size(), 1U);
  EXPECT_EQ(missed[0].url(), "unix:///nonexistent/bus");
}

TEST_F(SelectedEngines, AlternativesShareTheirRequest) {
  variables_["HOME"] = folder_.string();
  const auto targets = engines_to_list(select({"docker"}, {"docker=tcp://h:1"}), options_);
  ASSERT_FALSE(targets.empty());
  EXPECT_EQ(targets.front().choice.place->source, "--endpoint");
  for (const SelectedEngine& target : targets) EXPECT_EQ(target.request, targets.front().request);
}

TEST_F(SelectedEngines, AKindWithAnEndpointHasNoOtherPlacesHoweverManyKindsAreNamed) {
  variables_["HOME"] = folder_.string();
  for (const auto& [runtimes, endpoints] :
       std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>{
           {{"docker", "host"}, {"docker=tcp://h:1"}},
           {{"host", "docker"}, {"docker=tcp://h:1"}},
           {{"docker"}, {"tcp://h:1"}},
           {{"docker", "podman", "host"}, {"docker=tcp://h:1", "podman=tcp://h:2"}},
           {{"auto", "docker", "host"}, {"docker=tcp://h:1"}}}) {
    const auto selection = select(runtimes, endpoints);
    for (const auto& targets :
         {engines_to_list(selection, options_), engines_to_watch(selection, options_)}) {
      const std::size_t hosts = runtimes.size() > 1 ? 1 : 0;
      EXPECT_EQ(targets.size(), endpoints.size() + hosts);
      for (const SelectedEngine& target : targets) {
        const bool host = target.choice.kind == RuntimeBackendKind::host;
        EXPECT_EQ(target.choice.place->source == "--endpoint", !host) << target.url();
      }
    }
  }
}

TEST_F(SelectedEngines, AKindWithoutAnEndpointKeepsItsPlaces) {
  variables_["HOME"] = folder_.string();
  const auto alone = engines_to_list(select({"podman"}, {}), options_);
  const auto beside = engines_to_list(select({"docker", "podman"}, {"docker=tcp://h:1"}), options_);
  EXPECT_EQ(beside.size(), alone.size() + 1);
}

TEST_F(SelectedEngines, AnEndpointComesBesidesAll) {
  variables_["DOCKER_HOST"] = "unix:///somewhere/else.sock";
  const auto targets = of_docker(engines_to_list(select({"all"}, {"tcp://h:1"}), options_));
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_NE(targets[0].request, targets[1].request);
}

TEST_F(SelectedEngines, AnEndpointIsWhatTheRuntimeMakesOfIt) {
  variables_["DOCKER_TLS_VERIFY"] = "1";
  variables_["DOCKER_CERT_PATH"] = folder_.string();
  const auto targets =
      engines_to_list(select({}, {"tcp://a:2376", "https://a", "ssh://b"}), options_);
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].url(), "https://a:2376");
  ASSERT_TRUE(targets[0].choice.place->tls);
  EXPECT_EQ(targets[0].choice.place->tls->authority.file, (folder_ / "ca.pem").string());
  EXPECT_EQ(targets[1].url(), "ssh://b");
}

TEST_F(SelectedEngines, BySshEachRuntimeIsAnEngineOfItsOwn) {
  const auto targets =
      engines_to_list(select({}, {"docker=ssh://h", "podman=ssh://h", "docker=ssh://h"}), options_);
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].choice.kind, RuntimeBackendKind::docker);
  EXPECT_EQ(targets[1].choice.kind, RuntimeBackendKind::podman);
}

TEST_F(SelectedEngines, APlaceKeepsItsKeyAndHasTlsOnlyIfItsUrlSays) {
  std::ofstream(folder_ / "c.json") << R"({"Connection":{"Connections":{
      "a":{"URI":"ssh://h","Identity":"/key-a"},"b":{"URI":"ssh://h","Identity":"/key-b"}}}})";
  variables_["PODMAN_CONNECTIONS_CONF"] = (folder_ / "c.json").string();
  variables_["CONTAINER_CONNECTION"] = "b";
  const auto by_key = engines_to_list(select({"podman"}, {}), options_);
  ASSERT_EQ(by_key.size(), 1U);
  EXPECT_EQ(by_key[0].choice.place->ssh_identity, "/key-b");
  variables_["DOCKER_TLS_VERIFY"] = "1";
  const auto open = engines_to_list(select({}, {"docker=http://h:1"}), options_);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].url(), "tcp://h:1");
  EXPECT_FALSE(open[0].choice.place->tls);
}

}  // namespace
}  // namespace rollcall::cli
