// The width of text on a terminal, which is the number of neither its bytes nor its characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rollcall::cli {

/// The columns that printable UTF-8 text takes: two for CJK and emoji, none for combining marks.
std::size_t display_width(std::string_view text);

/// The text, cut to `width` columns; cut text ends in "…".
std::string truncated(std::string_view text, std::size_t width);

}  // namespace rollcall::cli
