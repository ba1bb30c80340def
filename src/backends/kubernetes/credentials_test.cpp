#include "backends/kubernetes/credentials.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text/text.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class CredentialsTest : public testing::Test {
 protected:
  Credential now(Credentials& credentials) {
    auto credential = test::run(io_, credentials.current());
    EXPECT_TRUE(credential) << credential.error().describe();
    return credential.value_or(Credential{});
  }
  std::string path(const char* name) const { return (folder_.path() / name).string(); }

  /// A plugin that counts its runs, and prints "token-N", valid until `expires`.
  ExecPlugin counting(const std::string& expires) {
    folder_.write("plugin", fmt::format(R"(#!/bin/sh
echo x >> {0}
printf '{{"kind":"ExecCredential","apiVersion":"v",'
printf '"status":{{"token":"token-%s"{1}}}}}' $(wc -l < {0})
)",
                                        path("runs"), expires));
    std::filesystem::permissions(folder_.path() / "plugin", std::filesystem::perms::owner_all);
    return {.command = path("plugin"), .api_version = "v"};
  }

  boost::asio::io_context io_;
  support::TempFolder folder_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
};

TEST_F(CredentialsTest, ATokenStaysWhatItIs) {
  Credentials credentials(BearerToken{"t0"}, env_);
  const Credential first = now(credentials);
  EXPECT_EQ(first.token, "t0");
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).number, first.number) << "so it is of no use to ask again";
  Credentials none(NoCredential{}, env_);
  EXPECT_EQ(now(none).token, "");
}

TEST_F(CredentialsTest, ATokenFileIsReadAgainEachMinute) {
  folder_.write("token", " t0\n");
  Credentials credentials(TokenFile{path("token")}, env_);
  EXPECT_EQ(now(credentials).token, "t0");
  folder_.write("token", "t1");
  env_->advance(59s);
  EXPECT_EQ(now(credentials).token, "t0");
  env_->advance(1s);
  EXPECT_EQ(now(credentials).token, "t1");
}

TEST_F(CredentialsTest, ATokenFileIsReadAgainAtOnceWhenItsTokenIsRefused) {
  folder_.write("token", "t0");
  Credentials credentials(TokenFile{path("token")}, env_);
  const Credential first = now(credentials);
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).number, first.number) << "it is still the same";
  folder_.write("token", "t1");
  credentials.reject(first.number);
  const Credential second = now(credentials);
  EXPECT_EQ(second.token, "t1");
  EXPECT_NE(second.number, first.number);
  folder_.write("token", "t2");
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).token, "t1") << "a late refusal of the first says nothing of it";
}

TEST_F(CredentialsTest, ATokenFileThatIsJustBeingReplacedIsNoLoss) {
  folder_.write("token", "t0");
  Credentials credentials(TokenFile{path("token")}, env_);
  EXPECT_EQ(now(credentials).token, "t0");
  std::filesystem::remove(folder_.path() / "token");
  env_->advance(2min);
  EXPECT_EQ(now(credentials).token, "t0");
  credentials.reject(now(credentials).number);
  const auto refused = test::run(io_, credentials.current());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_EQ(refused.error().fault, ConnectFault::auth);
  EXPECT_EQ(refused.error().endpoint, path("token"));
}

TEST_F(CredentialsTest, ATokenBesideItsFileCountsWhileTheFileCannotBeRead) {
  Credentials credentials(TokenFile{.path = path("token"), .otherwise = "written"}, env_);
  const Credential first = now(credentials);
  EXPECT_EQ(first.token, "written");
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).number, first.number) << "it is still the same";
  folder_.write("token", "t0");
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).token, "t0");
  std::filesystem::remove(folder_.path() / "token");
  env_->advance(2min);
  EXPECT_EQ(now(credentials).token, "t0") << "what the file held is newer";
}

TEST_F(CredentialsTest, AnEmptyTokenFileIsAnError) {
  folder_.write("token", "\n");
  Credentials credentials(TokenFile{path("token")}, env_);
  const auto refused = test::run(io_, credentials.current());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("is empty"));
}

TEST_F(CredentialsTest, APluginIsRunAgainWhenItsTokenHasExpired) {
  const std::string expires = to_rfc3339(env_->now() + 10min);
  Credentials credentials(counting(fmt::format(R"(,"expirationTimestamp":"{}")", expires)), env_);
  EXPECT_EQ(now(credentials).token, "token-1");
  env_->advance(9min);
  EXPECT_EQ(now(credentials).token, "token-1");
  env_->advance(2min);
  EXPECT_EQ(now(credentials).token, "token-2");
}

TEST_F(CredentialsTest, APluginIsRunAgainWhenItsTokenIsRefused) {
  Credentials credentials(counting(""), env_);
  const Credential first = now(credentials);
  EXPECT_EQ(first.token, "token-1");
  env_->advance(24h);
  EXPECT_EQ(now(credentials).token, "token-1") << "it never expires";
  credentials.reject(first.number);
  EXPECT_EQ(now(credentials).token, "token-2");
}

TEST_F(CredentialsTest, ManyWhoAskAtOnceRunAPluginOnce) {
  Credentials credentials(counting(""), env_);
  int answered = 0;
  for (int i = 0; i < 5; ++i) {
    boost::asio::co_spawn(io_, credentials.current(),
                          [&](const std::exception_ptr& thrown, Result<Credential> credential) {
                            EXPECT_FALSE(thrown);
                            EXPECT_TRUE(credential && credential->token == "token-1");
                            ++answered;
                          });
  }
  io_.restart();
  while (answered < 5 && io_.run_one() > 0) continue;
  EXPECT_EQ(answered, 5);
}

}  // namespace
}  // namespace rollcall::kubernetes
