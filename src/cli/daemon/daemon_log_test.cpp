#include "cli/daemon/daemon_log.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/environment.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

namespace rollcall::cli::daemon {
namespace {

using support::variables;
using ::testing::HasSubstr;
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

/// A sink that takes lines until the test stops it.
class ScriptedSink final : public LogSink {
 public:
  explicit ScriptedSink(std::vector<std::string>& lines, Taken& next)
      : lines_(lines), next_(next) {}
  Taken put(LogLevel /*level*/, std::string_view line) override {
    if (next_ == Taken::yes) lines_.emplace_back(line);
    return next_;
  }

 private:
  std::vector<std::string>& lines_;
  Taken& next_;
};

TEST(DaemonLog, LinesWaitForASlowReaderAndThoseBeyondAreCounted) {
  std::vector<std::string> lines;
  LogSink::Taken next = LogSink::Taken::later;
  DaemonLog log(std::make_unique<ScriptedSink>(lines, next), false);
  const std::string message(1000, 'x');
  for (int i = 0; i < 1000; ++i) log.write(LogLevel::info, message);
  EXPECT_TRUE(lines.empty());
  next = LogSink::Taken::yes;
  log.write(LogLevel::info, "awake");
  ASSERT_EQ(lines.size(), 264U) << "262 of 1000 bytes, how many were lost, and the last";
  EXPECT_EQ(lines[262], "738 lines of the log were lost: nothing could be written for a while");
  EXPECT_EQ(lines[263], "awake");
}

TEST(DaemonLog, ALineIsCut) {
  std::vector<std::string> lines;
  LogSink::Taken next = LogSink::Taken::yes;
  DaemonLog log(std::make_unique<ScriptedSink>(lines, next), true);
  log.write(LogLevel::info, std::string(1U << 20U, '"'));
  log.write(LogLevel::info, std::string(1U << 20U, 'a'));
  log.write(LogLevel::info, std::string(1U << 20U, '\x01'));
  for (const std::string& line : lines) {
    EXPECT_LT(line.size(), 4096U);
    EXPECT_GT(line.size(), 3900U);
    EXPECT_TRUE(line.ends_with("…\"") || line.ends_with("…")) << line.substr(4000);
  }
}

TEST(DaemonLog, AFullPipeIsNotWaitedForAndNotChangedForOthers) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const support::Fd reader(ends[0]);
  const support::Fd writer(ends[1]);
  const auto sink = stream_sink(writer.get());
  const std::string line(4000, 'x');
  std::size_t taken = 0;
  while (sink->put(LogLevel::info, line) == LogSink::Taken::yes) ++taken;
  EXPECT_GT(taken, 0U);
  EXPECT_EQ(::fcntl(writer.get(), F_GETFL) & O_NONBLOCK, 0);
  std::string read(taken * 4001, '\0');
  ASSERT_EQ(::read(reader.get(), read.data(), read.size()), static_cast<ssize_t>(read.size()));
  EXPECT_EQ(sink->put(LogLevel::info, line), LogSink::Taken::yes);
}

TEST(DaemonLog, AJournalThatDoesNotReadIsNotWaitedFor) {
  const support::TempFolder folder;
  const std::string path = folder.path() / "journal";
  const support::Fd journal(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(journal_sink(path)->put(LogLevel::info, "nobody"), LogSink::Taken::never);
  ASSERT_EQ(::bind(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto sink = journal_sink(path);
  LogSink::Taken taken = LogSink::Taken::yes;
  for (int i = 0; i < 100'000 && taken == LogSink::Taken::yes; ++i) {
    taken = sink->put(LogLevel::warning, "line");
  }
  EXPECT_EQ(taken, LogSink::Taken::later);
  std::string message(4096, '\0');
  const ssize_t size = ::recv(journal.get(), message.data(), message.size(), 0);
  message.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  EXPECT_THAT(message, HasSubstr("MESSAGE=line\nPRIORITY=4\nSYSLOG_IDENTIFIER=rollcall\n"));
}

}  // namespace
}  // namespace rollcall::cli::daemon
