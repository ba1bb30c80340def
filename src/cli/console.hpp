// What the commands print to: the terminal, or a file or pipe instead.
#pragma once

#include <cstddef>
#include <string_view>

#include <rollcall/config.hpp>
#include <rollcall/log.hpp>

namespace rollcall::cli {

/// Whether the environment allows colours: NO_COLOR is not set, and TERM names a terminal that has
/// them. An empty TERM means a terminal without abilities.
bool terminal_has_colours(const Getenv& getenv);

/// Standard output and standard error of one run, and their abilities.
///
/// A failed write is remembered, not thrown: `broken` and `write_error` report it at the end.
class Console {
 public:
  Console(int out, int err, Getenv getenv);

  /// Writes to standard output, at once and whole.
  void print(std::string_view text);

  /// "rollcall: message", one line on standard error, safe for a terminal whatever the message
  /// holds.
  void note(std::string_view message);

  [[nodiscard]] int out() const noexcept { return out_; }
  [[nodiscard]] const Getenv& environment() const noexcept { return getenv_; }

  /// Whether output may be coloured: a terminal that can, and no NO_COLOR.
  [[nodiscard]] bool colour() const noexcept { return colour_; }

  /// Whether standard error is a terminal.
  [[nodiscard]] bool interactive() const;

  /// The columns of the terminal; 0 if standard output is none, and lines may be of any length.
  [[nodiscard]] std::size_t width() const;

  /// The errno of the first write that failed; 0 if none has.
  [[nodiscard]] int write_error() const noexcept { return write_error_; }
  void set_write_error(int error) noexcept { write_error_ = error; }

 private:
  int out_;
  int err_;
  Getenv getenv_;
  bool colour_;
  int write_error_ = 0;
};

/// A logger that writes to the console: everything with `verbose`, else only warnings and errors.
Logger console_logger(Console& console, bool verbose);

}  // namespace rollcall::cli
