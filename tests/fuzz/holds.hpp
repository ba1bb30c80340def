// The assertion of the fuzzers: if it fails, the run aborts, and the input is kept.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace rollcall::fuzz {

inline void holds(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace rollcall::fuzz
