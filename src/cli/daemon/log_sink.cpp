#include "cli/daemon/log_sink.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "transport/child_process.hpp"

namespace rollcall::cli::daemon {
namespace {

/// How one descriptor is written to without waiting.
enum class Way : std::uint8_t {
  write,       ///< Never blocks: a plain file, or a description of our own.
  send,        ///< A socket.
  poll_first,  ///< Shared with others; takes a line when it polls as writable.
};

class StreamSink final : public LogSink {
 public:
  explicit StreamSink(int fd) : fd_(fd) {
    struct ::stat file{};
    if (::fstat(fd, &file) != 0) return;
    if (S_ISSOCK(file.st_mode)) {
      way_ = Way::send;
    } else if (S_ISFIFO(file.st_mode) || ::isatty(fd) == 1) {
      const std::string path = fmt::format("/proc/self/fd/{}", fd);
      own_ = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
      if (own_.get() >= 0) fd_ = own_.get();
      if (own_.get() < 0) way_ = Way::poll_first;
    }
  }

  Taken put(LogLevel /*level*/, std::string_view line) override {
    if (!rest_.empty()) {
      const Taken before = write_rest();
      if (before != Taken::yes) return before;
    }
    rest_ = line;
    rest_ += '\n';
    const std::size_t whole = rest_.size();
    const Taken taken = write_rest();
    if (taken == Taken::yes || rest_.size() < whole) return Taken::yes;  // the rest comes first
    rest_.clear();
    return taken;
  }

 private:
  [[nodiscard]] ssize_t write_some() const {
    if (way_ == Way::send) {
      return ::send(fd_, rest_.data(), rest_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (way_ == Way::poll_first) {
      pollfd now{.fd = fd_, .events = POLLOUT, .revents = 0};
      if (::poll(&now, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
      }
    }
    return ::write(fd_, rest_.data(), rest_.size());
  }

  Taken write_rest() {
    while (!rest_.empty()) {
      const ssize_t size = write_some();
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return errno == EAGAIN || errno == ENOBUFS ? Taken::later : Taken::never;
      rest_.erase(0, static_cast<std::size_t>(size));
    }
    return Taken::yes;
  }

  int fd_;
  Fd own_{-1};
  Way way_ = Way::write;
  std::string rest_;  // what is left of a line that was written in part
};

int priority_of(LogLevel level) {
  constexpr std::array priorities = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};
  return priorities.at(static_cast<std::size_t>(level));
}

class JournalSink final : public LogSink {
 public:
  explicit JournalSink(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    address_.sun_family = AF_UNIX;
    path.copy(address_.sun_path, sizeof(address_.sun_path) - 1);
  }

  Taken put(LogLevel level, std::string_view line) override {
    // The protocol encodes values with line feeds differently; a line has none.
    const std::string message =
        fmt::format("MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER=rollcall\nSYSLOG_PID={}\n", line,
                    priority_of(level), ::getpid());
    const auto* const address = reinterpret_cast<const sockaddr*>(&address_);
    for (;;) {
      const ssize_t sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                    address, sizeof address_);
      if (sent >= 0) return Taken::yes;
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == ENOBUFS ? Taken::later : Taken::never;
    }
  }

 private:
  Fd socket_;
  sockaddr_un address_{};
};

}  // namespace

std::unique_ptr<LogSink> stream_sink(int fd) {
  return std::make_unique<StreamSink>(fd);
}

std::unique_ptr<LogSink> journal_sink(std::string path) {
  return std::make_unique<JournalSink>(path);
}

}  // namespace rollcall::cli::daemon
