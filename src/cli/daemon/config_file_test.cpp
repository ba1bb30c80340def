#include "cli/daemon/config_file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/host.hpp>

#include "cli/daemon/settings.hpp"

namespace rollcall::cli::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Config read(const std::string& text) {
  Config config;
  Origins origins;
  EXPECT_THAT(apply_file(text, "f.yaml", config, origins), IsEmpty());
  return config;
}

ConfigErrors errors_in(const std::string& text) {
  Config config;
  Origins origins;
  return apply_file(text, "f.yaml", config, origins);
}

TEST(ConfigFile, SaysEveryKindOfValue) {
  const Config config = read(
      "listen: [127.0.0.1:1, '[::1]:2']\nsocket_mode: 0600\nreveal: true\ngrace: 10m\n"
      "look_period: 500ms\nlimits:\n  connections: 7\n  head_bytes: 64KiB\nlog: {level: debug}\n"
      "engines:\n  - runtime: docker\n    endpoint: https://h:2376\n    alias: build\n"
      "    tls: {authority: /a.pem, verify: false}\n  - {runtime: host}\n");
  EXPECT_THAT(config.listen, ElementsAre("127.0.0.1:1", "[::1]:2"));
  EXPECT_EQ(config.socket_mode, 0600U);
  EXPECT_TRUE(config.reveal);
  EXPECT_EQ(config.grace, 10min);
  EXPECT_EQ(config.runtime_options.of<HostOptions>().look_period, 500ms);
  EXPECT_EQ(config.limits.connections, 7U);
  EXPECT_EQ(config.limits.head_bytes, 65536U);
  EXPECT_EQ(config.log.level, "debug");
  ASSERT_EQ(config.engines.size(), 2U);
  EXPECT_EQ(config.engines[0].alias, "build");
  EXPECT_EQ(config.engines[0].tls.authority, "/a.pem");
  EXPECT_FALSE(config.engines[0].tls.verify);
  EXPECT_EQ(config.engines[1].runtime, "host");
}

TEST(ConfigFile, MaySayNothing) {
  EXPECT_THAT(errors_in(""), IsEmpty());
  EXPECT_THAT(errors_in("# only words\n"), IsEmpty());
  EXPECT_THAT(errors_in("listen: []\nlimits:\nengines:\n"), IsEmpty());
}

TEST(ConfigFile, AnUnknownKeyIsAnErrorWithItsLineAndASuggestion) {
  EXPECT_THAT(errors_in("reveal: true\nlitsen: [a]\n"),
              ElementsAre("f.yaml:2: there is no key 'litsen'; did you mean 'listen'?"));
  EXPECT_THAT(errors_in("limits:\n  conections: 7\n"),
              ElementsAre("f.yaml:2: there is no key 'limits.conections'; did you mean "
                          "'limits.connections'?"));
  EXPECT_THAT(errors_in("subscribers: 7\n"),
              ElementsAre("f.yaml:1: there is no key 'subscribers'; did you mean "
                          "'limits.subscribers'?"));
  EXPECT_THAT(errors_in("engines:\n  - runtime: host\n    aliass: x\n"),
              ElementsAre("f.yaml:3: there is no key 'aliass'; did you mean 'alias'?"));
}

TEST(ConfigFile, AllErrorsAreFound) {
  EXPECT_THAT(errors_in("grace: soon\nreveal: perhaps\nlimits: 7\nlisten: {a: b}\nengines: x\n"),
              ElementsAre(HasSubstr("f.yaml:1: grace: 'soon' is neither 'never'"),
                          HasSubstr("f.yaml:2: reveal: 'perhaps' is neither true nor false"),
                          HasSubstr("f.yaml:3: limits: holds keys"),
                          HasSubstr("f.yaml:4: listen: has no keys of its own"),
                          HasSubstr("f.yaml:5: engines: is a list")));
}

TEST(ConfigFile, OfManyErrorsTheRestIsCounted) {
  std::string text;
  for (int i = 0; i < 80'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto errors = errors_in(text);
  ASSERT_EQ(errors.size(), 21U);
  EXPECT_EQ(errors.back(), "f.yaml: … and 79980 more");
  const auto long_one = errors_in("reveal: \"" + std::string(900'000, 'a') + "\"\n");
  ASSERT_EQ(long_one.size(), 1U);
  EXPECT_LT(long_one.front().size(), 300U);
}

TEST(ConfigFile, ValuesThatCannotBeAreErrors) {
  for (const auto* text :
       {"grace: -1s", "look_period: [1s, 2s]", "socket: relative/path", "socket_mode: '9'",
        "log: {level: loud}", "limits: {connections: 0}", "limits: {head_bytes: 1TiB}",
        "runtimes: [dokcer]", "systemd: {unit_types: [mount]}", "token_file:", "listen: [[a]]",
        "engines: [{endpoint: unix:///x}]", "engines: [{runtime: x}]", "engines: [7]",
        "reveal: true\nreveal: false", "- a list", "just text", "a: [", "? [a]\n: b"}) {
    const auto errors = errors_in(text);
    ASSERT_EQ(errors.size(), 1U) << text;
    EXPECT_THAT(errors.front(), StartsWith("f.yaml:")) << text;
  }
}

TEST(ConfigFile, AModeWithoutItsZeroIsRefusedWithWhatMayBeMeant) {
  const auto errors = errors_in("socket_mode: 432");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors.front(), HasSubstr("write 0432, or 0660 if this is its decimal number"));
  for (const auto* text : {"socket_mode: 660", "socket_mode: 777", "socket_mode: '600'"}) {
    ASSERT_EQ(errors_in(text).size(), 1U) << text;
    EXPECT_THAT(errors_in(text).front(), HasSubstr("begins with 0")) << text;
  }
  EXPECT_EQ(read("socket_mode: 0660").socket_mode, 0660U);
  EXPECT_EQ(read("socket_mode: 0o640").socket_mode, 0640U);
}

TEST(ConfigFile, WhatIsPrintedIsReadAsTheSame) {
  Config config = read(
      "listen: []\nsocket_mode: '0600'\ngrace: 90s\nhosts: [a.example, b]\nchange_log: {bytes: 7}\n"
      "engines:\n  - {runtime: podman, alias: 'a: b'}\n");
  const std::string printed = print(config, {{"grace", "f.yaml:3"}});
  EXPECT_THAT(printed, HasSubstr("grace: 90s  # f.yaml:3"));
  EXPECT_THAT(printed, HasSubstr("# the default"));
  Config again = read(printed);
  EXPECT_EQ(again.engines, config.engines);
  for (const Setting<Config>& setting : settings()) {
    EXPECT_EQ(words_of(setting.at(again)), words_of(setting.at(config))) << setting.key;
  }
}

}  // namespace
}  // namespace rollcall::cli::daemon
