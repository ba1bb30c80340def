// Addresses as text.
#pragma once

#include <optional>
#include <string_view>

#include <rollcall/instance.hpp>

namespace rollcall {

/// The address as inet_ntop writes it, in no network; nothing if it is none, or has a zone.
std::optional<Address> canonical_address(std::string_view text);

}  // namespace rollcall
