// The daemon's log: a line for each transition, as logfmt on standard error or in the journal.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <rollcall/config.hpp>
#include <rollcall/log.hpp>

#include "cli/daemon/config.hpp"
#include "cli/daemon/log_sink.hpp"

namespace rollcall::cli::daemon {

/// Writes `time=… level=info msg="…"`, or to the journal with the priority of the level. Control
/// characters of foreign text are escaped in either, and a line is cut at budget::log_line.
///
/// A reader that is slow or has stopped delays nothing: budget::log_kept bytes of lines wait for
/// it, further lines are lost, and their number is logged once it reads again.
///
/// Threads: those of the daemon's executor.
class DaemonLog {
 public:
  /// With an executor, waiting lines are retried on it; without one, when the next line comes.
  explicit DaemonLog(const LogConfig& config, const Getenv& getenv = process_environment(),
                     const boost::asio::any_io_executor& executor = {});
  DaemonLog(std::unique_ptr<LogSink> sink, bool logfmt);
  ~DaemonLog();
  DaemonLog(const DaemonLog&) = delete;
  DaemonLog& operator=(const DaemonLog&) = delete;

  /// Changes the level; the format stays.
  void set_level(std::string_view level);

  void write(LogLevel level, std::string_view message);

  /// The log as a Logger for backends, hub and server. Lifetime: valid as long as the log.
  [[nodiscard]] Logger logger();

 private:
  struct Line {
    LogLevel level;
    std::string text;
  };

  [[nodiscard]] std::string text_of(LogLevel level, std::string_view message) const;
  void flush();
  void tell_lost();
  void try_again_later();

  std::unique_ptr<LogSink> sink_;
  bool logfmt_;
  LogLevel least_ = LogLevel::info;
  std::deque<Line> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t lost_ = 0;
  std::optional<boost::asio::steady_timer> again_;
  bool waiting_ = false;
};

/// `text`, in quotes if logfmt needs them; cut after about `longest` bytes.
std::string logfmt_value(std::string_view text, std::size_t longest = std::string_view::npos);

/// Whether standard error is the journal's, as JOURNAL_STREAM ("DEVICE:INODE") says.
bool goes_to_journal(int fd, const Getenv& getenv);

}  // namespace rollcall::cli::daemon
