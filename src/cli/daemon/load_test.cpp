#include "cli/daemon/load.hpp"

#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/daemon/check.hpp"
#include "cli/daemon/settings.hpp"
#include "support/environment.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::cli::daemon {
namespace {

using namespace std::chrono_literals;
using support::TempFolder;
using support::variables;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
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
  EXPECT_EQ(loaded.config.wait_for_named, 5min) << "what is built in";
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
  EXPECT_THAT(error_of({{"--token-file", {""}}}), HasSubstr("--token-file: is empty"));
  // A file of root's may be readable by a group.
  EXPECT_EQ(error_of({{"--token-file", {token(0640)}}}) == "0 errors", ::geteuid() == 0);
}

TEST_F(LoadConfig, TheTokenIsReadWithTheRestAndCarried) {
  const std::string path = token(0600);
  const Loaded loaded = load({.flags = {{"--token-file", {path}}},
                              .getenv = variables({{"ROLLCALL_CONFIG", "/dev/null"},
                                                   {"XDG_RUNTIME_DIR", folder_.path()}})});
  ASSERT_THAT(loaded.errors, IsEmpty());
  token(0600, "");
  EXPECT_EQ(loaded.server.token, "0123456789abcdef0123");
  EXPECT_THAT(loaded.server.tcp, IsEmpty()) << "no address unless one is named";
}

TEST_F(LoadConfig, AFileThatIsNoFileIsRefused) {
  const std::string fifo = folder_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(load({.file = fifo, .getenv = variables({})}).errors,
              ElementsAre(HasSubstr("it is a FIFO, and no plain file")));
  EXPECT_THAT(load({.file = "/dev/zero", .getenv = variables({})}).errors,
              ElementsAre(HasSubstr("it is a device")));
  EXPECT_THAT(
      load({.file = file(std::string((128U << 10U) + 1, ' ')), .getenv = variables({})}).errors,
      ElementsAre(HasSubstr("larger than 131072 bytes")));
}

TEST_F(LoadConfig, NoErrorRepeatsWhatMayBeASecret) {
  const std::string text =
      "token_file: hunter2\ntls: {key: hunter2}\nlisten: ['tcp://u:hunter2@h:1']\n"
      "hosts: ['http://u:hunter2@h']\nruntimes: ['u:hunter2@h']\nlog: {level: 'u:hunter2@h'}\n";
  for (const std::string& error : load({.file = file(text), .getenv = variables({})}).errors) {
    EXPECT_THAT(error, Not(HasSubstr("hunter2")));
  }
  const Loaded engines = load(
      {.file = "/dev/null",
       .getenv = variables({{"ROLLCALL_ENGINES", "docker=tcp://u:hunter2@h:1,u:hunter2@h=x"}})});
  ASSERT_THAT(engines.errors, Not(IsEmpty()));
  for (const std::string& error : engines.errors) EXPECT_THAT(error, Not(HasSubstr("hunter2")));
  EXPECT_THAT(print(engines.config, engines.origins), Not(HasSubstr("hunter2")));
}

TEST_F(LoadConfig, ACheckFindsWhatAStartWouldFailAt) {
  const auto error_of = [this](const std::string& text) {
    const Loaded loaded = load({.file = file(text),
                                .getenv = variables({{"XDG_RUNTIME_DIR", folder_.path()}}),
                                .check_only = true});
    return fmt::format("{}", fmt::join(loaded.errors, "\n"));
  };
  folder_.write("plain", "");
  const std::string folder = folder_.path();
  EXPECT_EQ(error_of(fmt::format("socket: {}/r.sock\nlisten: ['127.0.0.1:0']\n", folder)), "");
  EXPECT_EQ(error_of(fmt::format("socket: {}/new/r.sock\n", folder)), "") << "it will be made";
  EXPECT_THAT(error_of(fmt::format("socket: {}/plain\n", folder)), HasSubstr("no socket"));
  EXPECT_THAT(error_of(fmt::format("socket: {}/plain/r.sock\n", folder)), HasSubstr("plain"));
  EXPECT_THAT(error_of(fmt::format("socket: /{}\n", std::string(200, 'x'))), HasSubstr("bytes"));
  EXPECT_THAT(error_of("listen: ['127.0.0.1:7', 'localhost:7']\n"), HasSubstr("are one place"));
  EXPECT_THAT(error_of("socket: none\n"), HasSubstr("listens nowhere"));
  EXPECT_THAT(error_of("tls: {certificate: /nowhere/c.pem, key: /nowhere/k.pem}\n"),
              HasSubstr("/nowhere/c.pem"));
  EXPECT_THAT(error_of("limits: {connections: 100000000}\n"), HasSubstr("limits.connections"));
  EXPECT_THAT(error_of("engines: [{runtime: docker, endpoint: 'tcp://u:p@h:1'}]\n"),
              AllOf(HasSubstr("tcp://h:1"), Not(HasSubstr("u:p"))));
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
