// Standard output for a program that must not stop: a reader that is slow, or gone, never blocks
// it.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/async/signal.hpp"

namespace rollcall::cli {

/// Writes to a file descriptor that others share, and therefore never makes it non-blocking.
///
/// Waits in the background while a pipe or terminal is full. A writer awaits drained() before it
/// takes its next text. One executor, no threads.
class StandardOutput {
 public:
  StandardOutput(int fd, const boost::asio::any_io_executor& executor);

  /// Writes as much as possible now, keeps the rest.
  void write(std::string_view text);

  /// Completes when nothing is kept, or nothing can be written any more.
  boost::asio::awaitable<void> drained();

  /// Writes the kept text whenever the reader takes some. Ends when the reader has gone, even if
  /// nothing is written; when a write fails; or when the output is closed.
  boost::asio::awaitable<void> run();

  /// Drops the kept text, and writes no more.
  void close() { end(ECANCELED); }

  /// The errno of a failed write, EPIPE for a reader that has gone, ECANCELED when closed; else 0.
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  void flush();
  void watch_for(bool writable);
  void end(int error);

  int fd_;
  boost::asio::posix::stream_descriptor poll_;  // an epoll of fd_
  Signal drained_;
  std::string kept_;
  int error_ = 0;
};

}  // namespace rollcall::cli
