// Child processes of a test: none outlives its object.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace rollcall::support {

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// An exit code, or the signal that ended the process.
struct ExitStatus {
  int code = -1;
  int signal = 0;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// Where the three streams of a child come from and go to; -1: the null device.
struct Streams {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// A child process, held by its pidfd, so that no signal ever reaches a later process of the same
/// number.
class Process {
 public:
  /// Starts a program, found on PATH, in a session of its own. Throws if it cannot be started.
  explicit Process(const std::vector<std::string>& command, Streams streams = {},
                   const std::vector<std::string>& extra_environment = {});
  ~Process();  ///< Kills it and waits for its end.
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) = delete;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const Fd& pidfd() const noexcept { return pidfd_; }

  void signal(int number) const;

  /// Sends SIGSTOP and waits until every thread has stopped.
  void freeze() const;

  /// Waits for its end; nothing if it still runs at the deadline.
  std::optional<ExitStatus> wait(std::chrono::milliseconds deadline);

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<ExitStatus> status_;
};

/// Collects what children write, without a pipe that could fill up.
class Capture {
 public:
  Capture();
  [[nodiscard]] int fd() const noexcept { return file_.get(); }
  [[nodiscard]] std::string text() const;  ///< Everything written so far.

 private:
  Fd file_;
};

struct Output {
  std::optional<ExitStatus> status;  ///< Nothing: it was killed at the deadline.
  std::string out;
  std::string err;
};

/// Runs a program to its end.
Output run(const std::vector<std::string>& command,
           std::chrono::milliseconds deadline = std::chrono::seconds(30),
           const std::vector<std::string>& extra_environment = {});

/// Runs a program that must succeed; throws with what it wrote if it does not.
std::string run_or_throw(const std::vector<std::string>& command,
                         std::chrono::milliseconds deadline = std::chrono::seconds(30));

/// Checks the condition every few milliseconds until it holds; false at the deadline.
template <class Condition>
bool eventually(std::chrono::milliseconds deadline, Condition&& condition);

/// The pause between two checks of a condition that cannot be waited for.
void pause_between_looks();

template <class Condition>
bool eventually(std::chrono::milliseconds deadline, Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    pause_between_looks();
  }
  return true;
}

}  // namespace rollcall::support
