// A runtime for the proof that a new one is a folder and its lines in the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::toy {

extern const Runtime runtime;

}  // namespace rollcall::toy
