// A child process that is spoken to over its standard input and output: ssh, or a credential
// plugin.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <sys/types.h>

#include "transport/stream.hpp"

namespace rollcall {

/// How a child ended.
struct ChildEnding {
  int exit_code = 0;
  int signal = 0;         ///< The signal that ended it; 0: none.
  std::string message{};  ///< The last part of its standard error.
};

/// A descriptor that is closed with its owner.
class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// The destructor kills and reaps the child together with its process group. That includes all
/// descendants that made no group of their own, even if the child itself has already ended. The
/// child is tracked by a pidfd and not by SIGCHLD, which belongs to the program.
class ChildProcess {
 public:
  /// Starts the program with a socket as its standard input and output. It inherits our environment
  /// and no other descriptors. `variables`: "NAME=value", added to the environment or replacing
  /// values there.
  ///
  /// Errors: an errno.
  static std::expected<ChildProcess, int> start(std::vector<std::string> words,
                                                std::vector<std::string> variables = {});
  ~ChildProcess();
  ChildProcess(ChildProcess&&) noexcept = default;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The other end of its standard input and output; it belongs to the caller from then on.
  [[nodiscard]] int take_socket() noexcept { return socket_.release(); }

  /// Readable when it has ended.
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

  /// Reads what the child has written to its standard error so far, and keeps the last part.
  /// Neither side blocks: text that does not fit into the pipe is lost.
  void drain_messages();

  /// The text that drain_messages() has kept.
  [[nodiscard]] const std::string& messages() const noexcept { return message_; }

  /// How the child ended; nullopt while it runs.
  [[nodiscard]] std::optional<ChildEnding> ending();

 private:
  ChildProcess(pid_t pid, Fd pidfd, Fd socket, Fd messages)
      : pid_(pid),
        pidfd_(std::move(pidfd)),
        socket_(std::move(socket)),
        messages_(std::move(messages)) {}

  pid_t pid_;
  Fd pidfd_;
  Fd socket_;
  Fd messages_;
  std::string message_;
  std::optional<ChildEnding> ending_;
};

/// Waits until the child has ended or the deadline has passed. Returns an error if it cannot be
/// waited for.
[[nodiscard]] boost::asio::awaitable<std::optional<boost::system::error_code>> wait_for_end(
    const ChildProcess& process, Milliseconds deadline);

}  // namespace rollcall
