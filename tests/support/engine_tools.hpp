// Tools for private engines: the programs they need, and an image to run.
#pragma once

#include <string>

namespace rollcall::support {

/// The root of the system whose engines are tested: ROLLCALL_ENGINE_ROOT; empty: this system.
/// Throws, with the remedy, if no system is there.
std::string engine_root();

/// Throws, with the remedy, if a program is not installed there.
void require_program(const char* program, const char* package);

/// Makes a small root file system below that folder; returns the bytes of its tar archive.
std::string make_test_root(const std::string& folder);

}  // namespace rollcall::support
