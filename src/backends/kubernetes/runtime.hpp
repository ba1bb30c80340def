// Kubernetes as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::kubernetes {

extern const Runtime runtime;

}  // namespace rollcall::kubernetes
