// What a socket unit listens on.
#pragma once

#include <span>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/systemd/unit.hpp"

namespace rollcall::systemd {

/// The ports among them, sorted. Paths, FIFOs, netlink and vsock are none.
std::vector<PortMapping> ports_of(std::span<const ListenEntry> entries);

}  // namespace rollcall::systemd
