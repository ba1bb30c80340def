#include "cli/daemon/load.hpp"

#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/daemon/check.hpp"
#include "cli/daemon/settings.hpp"
#include "support/environment.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::cli::daemon {
namespace {

using namespace std::chrono_literals;
using support::TempFolder;
using support::variables;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LoadConfig : public ::testing::Test {
 protected:
  std::string file(const std::string& text) {
    folder_.write("f.yaml", text);
    return folder_.path() / "f.yaml";
  }
  /// A token file of this mode.
  std::string token(unsigned mode, const std::string& text = "0123456789abcdef0123\n") {
    folder_.write("token", text);
    std::filesystem::permissions(folder_.path() / "token", std::filesystem::perms(mode));
    return folder_.path() / "token";
  }

  TempFolder folder_;
};

TEST_F(LoadConfig, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const std::string path = file("grace: 1m\nlog: {level: debug}\nhosts: [a]\n");
  const Loaded loaded = load({.file = path,
                              .flags = {{"--grace", {"3m"}}},
                              .getenv = variables({{"ROLLCALL_GRACE", "2m"},
                                                   {"ROLLCALL_LOG_LEVEL", "warning"},
                                                   {"ROLLCALL_LIMITS_SUBSCRIBERS", "3"}})});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.grace, 3min);
  EXPECT_EQ(loaded.config.log.level, "warning");
  EXPECT_EQ(loaded.config.limits.subscribers, 3U);
  EXPECT_THAT(loaded.config.hosts, ElementsAre("a"));
  EXPECT_EQ(loaded.origins.at("grace"), "--grace");
  EXPECT_EQ(loaded.origins.at("log.level"), "ROLLCALL_LOG_LEVEL");
  EXPECT_EQ(loaded.origins.at("hosts"), path + ":3");
}

TEST_F(LoadConfig, TheEnvironmentNamesTheFileAndWritesListsWithCommas) {
  const Loaded loaded =
      load({.getenv = variables({{"ROLLCALL_CONFIG", file("grace: 1m\n")},
                                 {"ROLLCALL_RUNTIMES", "docker, host"},
                                 {"ROLLCALL_ENGINES", "tcp://h:1,podman=/run/p.sock"}})});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.grace, 1min);
  EXPECT_THAT(loaded.config.runtimes, ElementsAre("docker", "host"));
  ASSERT_THAT(loaded.config.engines, SizeIs(2));
  EXPECT_EQ(loaded.config.engines[0].runtime, "docker");
  EXPECT_EQ(loaded.config.engines[1].endpoint, "/run/p.sock");
}

TEST_F(LoadConfig, WhoeverNamesEnginesByFlagsMeansThemAlone) {
  const std::string path = file("runtimes: [docker]\nengines: [{runtime: host}]\n");
  const Loaded loaded =
      load({.file = path, .flags = {{"--endpoint", {"tcp://h:1"}}}, .getenv = variables({})});
  EXPECT_THAT(loaded.config.runtimes, IsEmpty());
  EXPECT_THAT(loaded.config.engines, SizeIs(1));
  const Selection selection = selection_of(loaded.config);
  EXPECT_FALSE(selection.all);
  ASSERT_THAT(selection.endpoints, SizeIs(1));
  EXPECT_EQ(selection.endpoints[0].url, "tcp://h:1");
}

TEST_F(LoadConfig, EachErrorTellsWhereItIs) {
  const auto errors = load({.file = file("x: 1\n"),
                            .flags = {{"--grace", {"soon"}}},
                            .getenv = variables({{"ROLLCALL_LOG_LEVEL", "loud"}})})
                          .errors;
  EXPECT_THAT(errors, ElementsAre(HasSubstr("f.yaml:1: there is no key 'x'"),
                                  HasSubstr("ROLLCALL_LOG_LEVEL: 'loud' is none of"),
                                  HasSubstr("--grace: 'soon' is neither")));
  EXPECT_THAT(load({.file = "/nonexistent.yaml", .getenv = variables({})}).errors,
              ElementsAre("/nonexistent.yaml: it cannot be read: No such file or directory"));
}

TEST_F(LoadConfig, WhatDoesNotGoTogetherIsASentence) {
  const auto error_of = [](const std::vector<GivenFlag>& flags) {
    const auto errors =
        load({.flags = flags, .getenv = variables({{"ROLLCALL_CONFIG", "/dev/null"}})}).errors;
    return errors.size() == 1 ? errors.front() : fmt::format("{} errors", errors.size());
  };
  EXPECT_THAT(error_of({{"--listen", {"0.0.0.0:7655"}}}), HasSubstr("TLS"));
  EXPECT_THAT(error_of({{"--listen", {"7655"}}}), HasSubstr("no address with a port"));
  EXPECT_THAT(error_of({{"--tls-key", {"/k.pem"}}}), HasSubstr("belong together"));
  EXPECT_THAT(error_of({{"--look-period", {"1ms"}}}), HasSubstr("at least 100ms"));
  EXPECT_THAT(error_of({{"--token-file", {token(0644)}}}), HasSubstr("others may read"));
  EXPECT_THAT(error_of({{"--token-file", {token(0620)}}}), HasSubstr("chmod 0600"));
  EXPECT_THAT(error_of({{"--token-file", {token(0600, "\n")}}}), HasSubstr("it is empty"));
  EXPECT_THAT(error_of({{"--token-file", {token(0600, "short")}}}), HasSubstr("can be guessed"));
  EXPECT_THAT(error_of({{"--token-file", {"/nonexistent"}}}), HasSubstr("openssl rand"));
  EXPECT_THAT(error_of({{"--token-file", {folder_.path()}}}), HasSubstr("no plain file"));
  EXPECT_EQ(error_of({{"--token-file", {token(0640)}}}), "0 errors");
}

TEST(DaemonListener, AddressesAreWrittenWithTheirPort) {
  EXPECT_EQ(parse_listener("[::1]:7655"), (server::TcpListener{.host = "::1", .port = 7655}));
  EXPECT_EQ(parse_listener("localhost:0"), (server::TcpListener{.host = "localhost", .port = 0}));
  for (const char* text : {"::1:7655", "h:", ":1", "h:70000", "h:1x", "h"}) {
    EXPECT_FALSE(parse_listener(text)) << text;
  }
}

TEST(DaemonSocket, IsWhereThisServiceMayMakeOne) {
  Config config;
  EXPECT_EQ(socket_of(config, variables({{"RUNTIME_DIRECTORY", "/run/a:/run/b"}})),
            "/run/a/rollcall.sock");
  config.socket = "none";
  EXPECT_EQ(socket_of(config, variables({{"RUNTIME_DIRECTORY", "/run/a"}})), "");
  config.socket = "/x.sock";
  EXPECT_EQ(socket_of(config, variables({})), "/x.sock");
}

}  // namespace
}  // namespace rollcall::cli::daemon
