// A child of this process, spoken with by its standard input and output: ssh, or a plugin that
// gives credentials.
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
  int signal = 0;         ///< That ended it; 0: none.
  std::string message{};  ///< What it wrote to its standard error, in the end.
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

/// Killed and waited for when it is destroyed, with its process group: so with all that it has
/// started and that has made no group of its own. Once it has ended, what it left behind is not
/// touched. Known by a descriptor, not by SIGCHLD, which belongs to the program.
class ChildProcess {
 public:
  /// Starts the program, with a socket as its standard input and output, our environment, and
  /// nothing else of ours. `variables`: "NAME=value", more of the environment, or other values.
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

  /// Reads what it wrote to its standard error by now, and keeps the end of that. Neither of us
  /// waits for the other: what finds no room is lost.
  void drain_messages();

  /// What was kept.
  [[nodiscard]] const std::string& messages() const noexcept { return message_; }

  /// How it ended; nothing if it has not.
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

/// Until the child has ended, or should have. What it returns is why it cannot be waited for.
[[nodiscard]] boost::asio::awaitable<std::optional<boost::system::error_code>> wait_for_end(
    const ChildProcess& process, Milliseconds deadline);

}  // namespace rollcall
