// A group that listens, as an Instance. Pure.
#pragma once

#include <span>
#include <string_view>

#include <rollcall/instance.hpp>

#include "backends/host/grouping.hpp"
#include "backends/host/network.hpp"
#include "backends/host/owner.hpp"

namespace rollcall::host {

/// Whether the socket serves. A UDP socket on all addresses whose port the kernel chose is that of
/// a client that waits for its answer.
bool serves(const ListeningSocket& socket, const HostNetwork& network);

/// Who started the group.
Owner owner_of(const ListeningGroup& group);

/// Why the process of a socket is not seen, and what to do: without privilege, and with it.
inline constexpr std::string_view other_users =
    "the descriptors of other users' processes may not be read; run as root, or grant "
    "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH";
inline constexpr std::string_view nobody_seen =
    "no visible process holds the socket; it is the kernel's own, or of another PID namespace";

/// The README has the map of its fields. `all_visible`: no process hides its descriptors from us.
Instance decode(const ListeningGroup& group, const HostNetwork& network, bool all_visible);

}  // namespace rollcall::host
