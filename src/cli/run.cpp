#include "cli/run.hpp"

#include <cerrno>
#include <system_error>

#include "cli/commands.hpp"

namespace rollcall::cli {
namespace {

int answer(const Answer& answer, Console& console) {
  if (answer.exit_code == success) {
    console.print(answer.text);
  } else {
    console.note(answer.text);
  }
  return answer.exit_code;
}

int run_command(const Options& options, Console& console) {
  switch (options.command) {
    case Command::list:
      return list(options, console);
    case Command::watch:
      return watch(options, console);
    case Command::doctor:
      return doctor(options, console);
    case Command::explain:
      return explain(options, console);
    case Command::serve:
      return serve(options, console);
  }
  return failure;
}

}  // namespace

int run(const std::vector<std::string>& words, Console& console) {
  const auto parsed = parse_command_line(words);
  const auto* options = std::get_if<Options>(&parsed);
  const int code = options == nullptr ? answer(std::get<Answer>(parsed), console)
                                      : run_command(*options, console);
  if (console.write_error() == 0) return code;
  if (console.write_error() == EPIPE) return success;  // "| head" has seen enough
  console.note(
      "cannot write the output: " + std::generic_category().message(console.write_error()) +
      "; see whether the disk is full");
  return failure;
}

}  // namespace rollcall::cli
