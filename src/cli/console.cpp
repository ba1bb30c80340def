#include "cli/console.hpp"

#include <cerrno>
#include <charconv>
#include <climits>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/text/text.hpp"

namespace rollcall::cli {
namespace {

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// How long to wait for a reader that has stopped reading, unless a signal comes.
constexpr int longest_wait_ms = 5000;

/// Writes a message, but drops it if it is not read: it must not keep the program from ending.
void write_if_read(int fd, std::string_view text) {
  while (!text.empty()) {
    pollfd now{.fd = fd, .events = POLLOUT, .revents = 0};
    if (::poll(&now, 1, longest_wait_ms) <= 0) return;
    // A pipe that polls as writable takes this much without blocking.
    const auto piece = text.substr(0, PIPE_BUF);
    const auto written = ::write(fd, piece.data(), piece.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

bool terminal_has_colours(const Getenv& getenv) {
  // The convention of no-color.org: set and not empty.
  const auto no_colour = getenv("NO_COLOR");
  if (no_colour && !no_colour->empty()) return false;
  const std::string terminal = getenv("TERM").value_or(std::string());
  return !terminal.empty() && terminal != "dumb";
}

Console::Console(int out, int err, Getenv getenv)
    : out_(out),
      err_(err),
      getenv_(std::move(getenv)),
      colour_(::isatty(out) == 1 && terminal_has_colours(getenv_)) {}

void Console::print(std::string_view text) {
  if (write_error_ == 0) write_error_ = write_all(out_, text);
}

void Console::note(std::string_view message) {
  // If this fails, no stream is left to report it on.
  write_if_read(err_, "rollcall: " + printable(message) + "\n");
}

bool Console::interactive() const {
  return ::isatty(err_) == 1;
}

std::size_t Console::width() const {
  if (::isatty(out_) != 1) return 0;
  winsize size{};
  if (::ioctl(out_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::string columns = getenv_("COLUMNS").value_or("");
  std::size_t width = 0;
  std::from_chars(columns.data(), columns.data() + columns.size(), width);
  return width > 0 ? width : 80;
}

Logger console_logger(Console& console, bool verbose) {
  return [&console, verbose](LogLevel level, std::string_view message) {
    if (verbose || level >= LogLevel::warning) console.note(message);
  };
}

}  // namespace rollcall::cli
