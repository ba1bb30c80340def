// The listening addresses of a socket unit.
#pragma once

#include <span>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/systemd/unit.hpp"

namespace rollcall::systemd {

/// The TCP and UDP ports among the entries, sorted; paths, FIFOs, netlink and vsock are ignored.
std::vector<PortMapping> ports_of(std::span<const ListenEntry> entries);

}  // namespace rollcall::systemd
