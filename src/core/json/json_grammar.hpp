// Checks that a text is JSON, also in the parts that are never read. Pure.
#pragma once

#include <string_view>

namespace rollcall {

/// Whether the text is one value of JSON (RFC 8259), which may have white space around it, and no
/// more arrays and objects within each other than core/budgets.hpp allows.
///
/// It checks the grammar alone: the bytes need not be UTF-8, a number may be larger than any type,
/// and a key may come twice.
[[nodiscard]] bool is_json(std::string_view text) noexcept;

}  // namespace rollcall
