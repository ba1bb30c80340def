#include <array>
#include <csignal>
#include <cstddef>
#include <exception>

#include <fcntl.h>
#include <unistd.h>

#include "cli/run.hpp"

namespace {

/// Opens closed standard descriptors: otherwise the next file would get the number and be written
/// to. Standard output is opened for reading, so that printing is still an error.
void open_standard_streams() {
  constexpr std::array modes = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const int fd = static_cast<int>(i);
    // open() gives the lowest free descriptor, which is this one: those below it are open.
    if (::fcntl(fd, F_GETFD) < 0) static_cast<void>(::open("/dev/null", modes.at(i)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  // If the reader goes away, the write fails with EPIPE and the run ends in order.
  std::signal(SIGPIPE, SIG_IGN);
  rollcall::cli::Console console(STDOUT_FILENO, STDERR_FILENO, rollcall::process_environment());
  try {
    return rollcall::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}, console);
  } catch (const std::exception& error) {
    console.note(std::string("an error that was not foreseen: ") + error.what() +
                 "; please report it, with the command that you gave");
    return 1;
  }
}
