#include "cli/daemon/daemon_log.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/environment.hpp"
#include "support/process.hpp"

namespace rollcall::cli::daemon {
namespace {

using support::variables;
using ::testing::MatchesRegex;

TEST(DaemonLog, ValuesAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(logfmt_value("ready"), "ready");
  EXPECT_EQ(logfmt_value(""), "\"\"");
  EXPECT_EQ(logfmt_value("a b"), "\"a b\"");
  EXPECT_EQ(logfmt_value("a=\"b\""), "\"a=\\\"b\\\"\"");
  EXPECT_EQ(logfmt_value("a\nb"), R"("a\\x0ab")");
}

TEST(DaemonLog, IsTheJournalsIfStandardErrorIs) {
  struct ::stat file{};
  ASSERT_EQ(::fstat(STDERR_FILENO, &file), 0);
  const std::string ours = fmt::format("{}:{}", file.st_dev, file.st_ino);
  EXPECT_TRUE(goes_to_journal(STDERR_FILENO, variables({{"JOURNAL_STREAM", ours}})));
  EXPECT_FALSE(goes_to_journal(STDERR_FILENO, variables({{"JOURNAL_STREAM", "1:1"}})));
  EXPECT_FALSE(goes_to_journal(STDERR_FILENO, variables({})));
}

TEST(DaemonLog, IsALineForEachMessageOfItsLevel) {
  ::testing::internal::CaptureStderr();
  {
    DaemonLog log({.format = "logfmt", .level = "info"}, variables({}));
    log.write(LogLevel::debug, "unheard");
    log.write(LogLevel::warning, "docker {} away");
    log.set_level("error");
    log.write(LogLevel::info, "unheard");
  }
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      MatchesRegex("time=....-..-..T..:..:......Z level=warning msg=\"docker \\{\\} away\"\n"));
}

}  // namespace
}  // namespace rollcall::cli::daemon
