// Small text helpers shared by all rooms.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>

namespace rollcall {

/// A foreign string made safe for a terminal: control characters, escape sequences, bidirectional
/// overrides, invisible ones and bytes that are not UTF-8 become \xNN or \u{NNNN}; all else stays.
std::string printable(std::string_view foreign);

/// The same, cut after about `longest` bytes and then ended by "…": for sentences that quote
/// foreign text.
std::string excerpt(std::string_view foreign, std::size_t longest = 64);

/// The string with each byte that is not part of UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view foreign);

/// "2026-11-21T21:42:33.396124707Z": UTC; the fraction as short as it is exact, absent if zero.
std::string to_rfc3339(Timestamp time);

/// Reads an RFC 3339 time with any offset; nothing if it is not one, or one that a Timestamp cannot
/// hold.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace rollcall
