// The commands: one file each. All return the exit code.
#pragma once

#include "cli/command_line/options.hpp"
#include "cli/console.hpp"

namespace rollcall::cli {

constexpr int success = 0;
constexpr int failure = 1;
constexpr int wrong_usage = 2;

int list(const Options& options, Console& console);
int watch(const Options& options, Console& console);
int doctor(const Options& options, Console& console);
int explain(const Options& options, Console& console);
int serve(const Options& options, Console& console);

}  // namespace rollcall::cli
