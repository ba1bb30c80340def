// Docker as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::docker {

extern const Runtime runtime;

}  // namespace rollcall::docker
