// Where log lines go: a descriptor that other processes share, or the journal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <rollcall/log.hpp>

namespace rollcall::cli::daemon {

/// Takes lines, and never waits for the reader.
class LogSink {
 public:
  enum class Taken : std::uint8_t {
    yes,
    later,  ///< The reader is slow: try again.
    never,  ///< There is no reader, or the disk is full.
  };

  virtual ~LogSink() = default;

  /// A line without its line feed; with it at most budget::log_line bytes.
  virtual Taken put(LogLevel level, std::string_view line) = 0;
};

/// Writes to a descriptor without changing its flags, because processes that share it may want it
/// to block. A pipe or terminal is opened again for our own use where that is allowed.
std::unique_ptr<LogSink> stream_sink(int fd);

/// Sends datagrams of the journal's native protocol, with the priority of each line.
std::unique_ptr<LogSink> journal_sink(std::string path = "/run/systemd/journal/socket");

}  // namespace rollcall::cli::daemon
