// Incus and LXD as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::incus {

extern const Runtime runtime;

}  // namespace rollcall::incus
