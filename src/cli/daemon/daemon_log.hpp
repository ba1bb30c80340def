// The daemon's log: a line for each transition, as logfmt on standard error or in the journal.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>
#include <rollcall/log.hpp>

#include "cli/daemon/config.hpp"

namespace spdlog {
class logger;  // spdlog calls it so. NOLINT(readability-identifier-naming)
}

namespace rollcall::cli::daemon {

/// Writes `time=… level=info msg="…"`, or to the journal with the priority of the level. Control
/// characters of foreign text are escaped in either.
///
/// Threads: those of the daemon's executor.
class DaemonLog {
 public:
  explicit DaemonLog(const LogConfig& config, const Getenv& getenv = process_environment());
  ~DaemonLog();
  DaemonLog(const DaemonLog&) = delete;
  DaemonLog& operator=(const DaemonLog&) = delete;

  /// Another level, from now on; the format stays.
  void set_level(std::string_view level);

  void write(LogLevel level, std::string_view message);

  /// The log as backends, hub and server take it. It lives as long as the log.
  [[nodiscard]] Logger logger();

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

/// `text`, in quotes if logfmt needs them.
std::string logfmt_value(std::string_view text);

/// Whether standard error is the journal's, as JOURNAL_STREAM ("DEVICE:INODE") says.
bool goes_to_journal(int fd, const Getenv& getenv);

}  // namespace rollcall::cli::daemon
