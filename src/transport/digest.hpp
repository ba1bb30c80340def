// SHA-256.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

/// Returns the digest in lower-case hexadecimal digits.
std::string sha256_hex(std::string_view data);

}  // namespace rollcall
