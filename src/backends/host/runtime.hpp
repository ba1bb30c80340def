// The host itself as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::host {

extern const Runtime runtime;

}  // namespace rollcall::host
