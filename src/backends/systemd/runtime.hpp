// systemd as one line of the registry.
#pragma once

#include "backends/runtime.hpp"

namespace rollcall::systemd {

extern const Runtime runtime;

}  // namespace rollcall::systemd
