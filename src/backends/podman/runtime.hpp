// Podman as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::podman {

extern const Runtime runtime;

}  // namespace rollcall::podman
