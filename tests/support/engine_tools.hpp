// What private engines need: programs, and an image to run.
#pragma once

#include <string>

namespace rollcall::support {

/// Throws, with what to do, if a program is not installed.
void require_program(const char* program, const char* package);

/// Makes a tar archive of a small root file system, below that folder; its bytes.
std::string make_test_root(const std::string& folder);

}  // namespace rollcall::support
