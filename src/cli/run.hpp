// One run of the command line, from words to exit code.
#pragma once

#include <string>
#include <vector>

#include "cli/console.hpp"

namespace rollcall::cli {

/// Runs `rollcall` with the words after its name. 0 success, 1 failure, 2 wrong usage.
///
/// If the reader of standard output goes away, the run ends quietly, with success. The caller must
/// ignore SIGPIPE.
int run(const std::vector<std::string>& words, Console& console);

}  // namespace rollcall::cli
