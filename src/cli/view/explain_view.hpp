// What `rollcall explain` prints for a person. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "cli/view/format.hpp"
#include "core/reach/explanation.hpp"

namespace rollcall::cli {

/// The explanation in sections, safe for a terminal. Tables are cut to `width` columns, if it is
/// not 0.
std::string explain_view(const Explanation& explanation, const FormatContext& context,
                         std::size_t width, bool colour);

/// Two lines: the part of a label's value around the byte `position` (from 1), and a caret below
/// it.
std::string pointed_at(std::string_view value, std::size_t position);

}  // namespace rollcall::cli
