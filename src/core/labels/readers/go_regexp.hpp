// Whether a text is a regular expression of Go (RE2). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rollcall::readers {

/// Where the text stops being a regular expression; nothing, if it is one. Names of Unicode's
/// classes are not looked up.
std::optional<std::size_t> regexp_error(std::string_view text);

}  // namespace rollcall::readers
