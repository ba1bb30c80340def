// Bytes as letters (RFC 4648, 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

std::string to_base64(std::string_view bytes);

/// White space anywhere is passed over. Nothing, if it is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rollcall
