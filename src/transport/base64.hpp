// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

std::string to_base64(std::string_view bytes);

/// Decodes base64; white space anywhere is ignored. Returns nullopt if the text is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rollcall
