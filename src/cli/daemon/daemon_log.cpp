#include "cli/daemon/daemon_log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> levels = {"debug", "info", "warning", "error"};
constexpr auto between_attempts = 100ms;
/// The part of a cut line that is not message: time, level, quotes and an ellipsis.
constexpr std::size_t beside_message = 96;
constexpr std::string_view ellipsis = "…";

bool in_journal(const LogConfig& config, const Getenv& getenv) {
  if (config.format == "auto") return goes_to_journal(STDERR_FILENO, getenv);
  return config.format == "journald";
}

/// "2026-11-21T21:42:33.396Z"
std::string time_now() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), rest.count());
}

/// Cuts between two characters.
void cut(std::string& text, std::size_t longest) {
  if (text.size() <= longest) return;
  const auto goes_on = [&text](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  while (longest > 0 && goes_on(longest)) --longest;
  text.resize(longest);
  text += ellipsis;
}

}  // namespace

std::string logfmt_value(std::string_view text, std::size_t longest) {
  std::string shown = printable(text);
  cut(shown, longest);
  const auto plain = [](char c) { return c > ' ' && c != '"' && c != '=' && c != '\\'; };
  if (!shown.empty() && std::ranges::all_of(shown, plain)) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  if (quoted.size() > longest) {
    // Escapes have made the text longer.
    std::size_t end = longest;
    while (end > 1 && quoted[end - 1] == '\\') --end;
    cut(quoted, end);
  }
  return quoted + '"';
}

bool goes_to_journal(int fd, const Getenv& getenv) {
  const auto stream = getenv("JOURNAL_STREAM");
  struct ::stat file{};
  if (!stream || ::fstat(fd, &file) != 0) return false;
  return *stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

DaemonLog::DaemonLog(const LogConfig& config, const Getenv& getenv,
                     const boost::asio::any_io_executor& executor)
    : logfmt_(!in_journal(config, getenv)) {
  sink_ = logfmt_ ? stream_sink(STDERR_FILENO) : journal_sink();
  if (executor) again_.emplace(executor);
  set_level(config.level);
}

DaemonLog::DaemonLog(std::unique_ptr<LogSink> sink, bool logfmt)
    : sink_(std::move(sink)), logfmt_(logfmt) {}

DaemonLog::~DaemonLog() {
  flush();
}

void DaemonLog::set_level(std::string_view level) {
  const auto* const at = std::ranges::find(levels, level);
  if (at != levels.end()) least_ = static_cast<LogLevel>(at - levels.begin());
}

std::string DaemonLog::text_of(LogLevel level, std::string_view message) const {
  constexpr std::size_t longest = budget::log_line - beside_message;
  if (!logfmt_) {
    std::string text = printable(message);
    cut(text, longest);
    return text;
  }
  return fmt::format("time={} level={} msg={}", time_now(),
                     levels.at(static_cast<std::size_t>(level)), logfmt_value(message, longest));
}

void DaemonLog::write(LogLevel level, std::string_view message) {
  if (level < least_) return;
  Line line{.level = level, .text = text_of(level, message)};
  if (lost_ > 0 || kept_bytes_ + line.text.size() > budget::log_kept) {
    flush();
    if (lost_ > 0 || kept_bytes_ + line.text.size() > budget::log_kept) {
      ++lost_;
      return try_again_later();
    }
  }
  kept_bytes_ += line.text.size();
  kept_.push_back(std::move(line));
  flush();
  if (!kept_.empty()) try_again_later();
}

void DaemonLog::flush() {
  while (!kept_.empty()) {
    const LogSink::Taken taken = sink_->put(kept_.front().level, kept_.front().text);
    if (taken == LogSink::Taken::later) return;
    // A log that cannot be written must not end the daemon.
    if (taken == LogSink::Taken::never) ++lost_;
    kept_bytes_ -= kept_.front().text.size();
    kept_.pop_front();
    if (taken == LogSink::Taken::never) return;
  }
  tell_lost();
}

void DaemonLog::tell_lost() {
  if (lost_ == 0) return;
  const std::string said =
      fmt::format("{} lines of the log were lost: nothing could be written for a while", lost_);
  const auto taken = sink_->put(LogLevel::warning, text_of(LogLevel::warning, said));
  if (taken == LogSink::Taken::yes) lost_ = 0;
}

void DaemonLog::try_again_later() {
  if (!again_ || waiting_) return;
  waiting_ = true;
  again_->expires_after(between_attempts);
  again_->async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    waiting_ = false;
    flush();
    if (!kept_.empty()) try_again_later();
  });
}

Logger DaemonLog::logger() {
  return [this](LogLevel level, std::string_view message) { write(level, message); };
}

}  // namespace rollcall::cli::daemon
