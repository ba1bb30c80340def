#include "cli/console.hpp"

#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "core/text.hpp"

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

bool may_colour(int out, const Getenv& getenv) {
  // The convention of no-color.org: set and not empty.
  const auto no_colour = getenv("NO_COLOR");
  if (no_colour && !no_colour->empty()) return false;
  return ::isatty(out) == 1 && getenv("TERM").value_or("dumb") != "dumb";
}

}  // namespace

Console::Console(int out, int err, Getenv getenv)
    : out_(out), err_(err), getenv_(std::move(getenv)), colour_(may_colour(out, getenv_)) {}

void Console::print(std::string_view text) {
  if (write_error_ == 0) write_error_ = write_all(out_, text);
}

void Console::note(std::string_view message) {
  // Nothing is left to say it to if this fails.
  static_cast<void>(write_all(err_, "rollcall: " + printable(message) + "\n"));
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
