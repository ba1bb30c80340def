// What private engines need: programs, and an image to run.
#pragma once

#include <string>

namespace rollcall::support {

/// The root of the system whose engines are driven: ROLLCALL_ENGINE_ROOT; empty: this system's.
/// Throws, with what to do, if no system is there.
std::string engine_root();

/// Throws, with what to do, if a program is not installed there.
void require_program(const char* program, const char* package);

/// Makes a tar archive of a small root file system, below that folder; its bytes.
std::string make_test_root(const std::string& folder);

}  // namespace rollcall::support
