// Converts a listening group to an Instance. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <rollcall/instance.hpp>

#include "backends/host/grouping.hpp"
#include "backends/host/network.hpp"
#include "backends/host/owner.hpp"

namespace rollcall::host {

/// Whether the socket is a server's. A UDP socket on all addresses with an ephemeral port belongs
/// to a client that waits for its answer.
bool serves(const ListeningSocket& socket, const HostNetwork& network);

/// Which runtime or unit started the group.
Owner owner_of(const ListeningGroup& group);

/// Whose descriptors may be read: those of all processes, or only of some, as an ordinary user or
/// as root.
enum class Sight : std::uint8_t { all, some_as_user, some_as_root };

/// Why the process of a socket cannot be seen, and what to do.
std::string_view reason_unseen(Sight sight);

/// The field map is in the README.
Instance decode(const ListeningGroup& group, const HostNetwork& network, Sight sight);

}  // namespace rollcall::host
