// Plugins that are shell scripts, and the error of each of their failures.
#include "backends/kubernetes/exec_plugin.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/text.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string version = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status) {
  return fmt::format(R"({{"kind":"ExecCredential","apiVersion":"{}","status":{{{}}}}})", version,
                     status);
}

class ExecPluginTest : public testing::Test {
 protected:
  ExecPlugin plugin(const std::string& script) {
    folder_.write("plugin", "#!/bin/sh\n" + script);
    std::filesystem::permissions(folder_.path() / "plugin", std::filesystem::perms::owner_all);
    return {.command = (folder_.path() / "plugin").string(), .api_version = version};
  }
  std::string error_of(const ExecPlugin& plugin, Milliseconds deadline = 10s) {
    const auto given = test::run(run_plugin(plugin, deadline));
    if (given) return "none";
    EXPECT_EQ(given.error().kind, ErrorKind::denied);
    EXPECT_EQ(given.error().fault, ConnectFault::auth);
    return given.error().describe();
  }

  support::TempFolder folder_;
};

TEST_F(ExecPluginTest, GivesATokenThatExpires) {
  const auto given = test::run(run_plugin(plugin(fmt::format(
      "echo '{}'", credential(R"("token":"t0","expirationTimestamp":"2026-11-21T21:51:23Z")")))));
  ASSERT_TRUE(given) << given.error().describe();
  EXPECT_EQ(given->token, "t0");
  EXPECT_EQ(given->expires, parse_rfc3339("2026-11-21T21:51:23Z"));
}

TEST_F(ExecPluginTest, IsToldWhatIsAskedAndHasItsArgumentsAndVariablesAndNoInput) {
  ExecPlugin asks = plugin(fmt::format(
      R"(cat > {0}/input
echo "$KUBERNETES_EXEC_INFO" > {0}/info
printf '{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
printf '"status":{{"token":"%s %s %s"}}}}' "$1" "$MORE" "$HOME"
)",
      folder_.path().string()));
  asks.arguments = {"get-token"};
  asks.variables = {{"MORE", "more"}, {"HOME", "/other"}};
  asks.cluster_info = R"({"server":"https://k8s:6443"})";
  const auto given = test::run(run_plugin(asks));
  ASSERT_TRUE(given) << given.error().describe();
  EXPECT_EQ(given->token, "get-token more /other");
  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "input"), 0U);
  const std::string info = exec_info(asks);
  EXPECT_EQ(std::filesystem::file_size(folder_.path() / "info"), info.size() + 1);
  EXPECT_EQ(info, R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                  R"("spec":{"interactive":false,"cluster":{"server":"https://k8s:6443"}}})");
}

TEST_F(ExecPluginTest, OneThatFailsIsQuotedWithoutWhatItWroteToItsOutput) {
  EXPECT_THAT(error_of(plugin("echo secret; echo 'not signed in' >&2; exit 3")),
              AllOf(HasSubstr("failed with exit code 3; it says: not signed in"),
                    Not(HasSubstr("secret"))));
  EXPECT_THAT(error_of(plugin("kill -9 $$")), HasSubstr("was ended by signal 9"));
}

TEST_F(ExecPluginTest, OneThatIsMissingIsToldWithTheHintOfItsAuthor) {
  ExecPlugin missing{.command = "rollcall-no-such-plugin", .api_version = version};
  EXPECT_THAT(error_of(missing), AllOf(HasSubstr("is not there"), HasSubstr("install it")));
  missing.install_hint = "apt install it-from-us";
  EXPECT_THAT(error_of(missing), HasSubstr("apt install it-from-us"));
}

TEST_F(ExecPluginTest, OneThatHangsIsEndedAtTheDeadline) {
  EXPECT_THAT(error_of(plugin("exec sleep 1000"), 200ms),
              HasSubstr("does not answer within 0.2 s"));
  EXPECT_THAT(error_of(plugin("echo 'open a browser' >&2; exec >&- <&-; exec sleep 1000")),
              HasSubstr("does not end; it says: open a browser"));
}

TEST_F(ExecPluginTest, OneThatWritesForEverIsEnded) {
  EXPECT_THAT(error_of(plugin("exec yes")), HasSubstr("writes more than any credential has"));
}

TEST_F(ExecPluginTest, OneThatWantsATerminalIsNotStarted) {
  ExecPlugin wants = plugin("touch " + (folder_.path() / "ran").string());
  wants.wants_terminal = true;
  EXPECT_THAT(error_of(wants), HasSubstr("interactiveMode: Always"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "ran"));
}

struct Written {
  std::string text;
  std::string error;
};

TEST(ExecCredentialText, WhatIsNoCredentialSaysWhyAndTellsNoSecret) {
  const ExecPlugin plugin{.command = "p", .api_version = version};
  const std::vector<Written> rows = {
      {"", "writes what is no ExecCredential"},
      {"secret", "writes what is no ExecCredential"},
      {R"({"kind":"Pod"})", "writes what is no ExecCredential"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",)"
       R"("status":{"token":"secret"}})",
       "speaks client.authentication.k8s.io/v1beta1, and was asked for"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
       "gives no status"},
      {credential(""), "gives neither a token nor a certificate"},
      {credential(R"("clientCertificateData":"secret")"), "a certificate without its key"},
      {credential(R"("token":"secret","expirationTimestamp":"tomorrow")"),
       "expires at no time: tomorrow"},
  };
  for (const Written& row : rows) {
    const auto given = read_exec_credential(row.text, plugin);
    ASSERT_FALSE(given) << row.text;
    EXPECT_THAT(given.error().what, HasSubstr(row.error));
    EXPECT_THAT(given.error().describe(), Not(HasSubstr("secret")));
  }
}

TEST(ExecCredentialText, MayBeACertificate) {
  const ExecPlugin plugin{.command = "p", .api_version = version};
  const auto given = read_exec_credential(
      credential(R"("clientCertificateData":"CERT","clientKeyData":"KEY")"), plugin);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->certificate.text, "CERT");
  EXPECT_EQ(given->key.text, "KEY");
  EXPECT_EQ(given->expires, std::nullopt);
}

}  // namespace
}  // namespace rollcall::kubernetes
