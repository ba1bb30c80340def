// Compression of texts. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::server {

enum class Effort : std::uint8_t {
  fast,      ///< For texts that are sent once.
  thorough,  ///< For texts that are kept.
};

/// The text as a gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text, Effort effort);

}  // namespace rollcall::server
