#include <csignal>
#include <exception>

#include <unistd.h>

#include "cli/run.hpp"

int main(int argc, char** argv) {
  // A reader that goes away is told by the write, which ends the run in good order.
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
