// Text made smaller. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall::server {

enum class Effort : std::uint8_t {
  fast,      ///< For what is sent once.
  thorough,  ///< For what is kept.
};

/// The text as a gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text, Effort effort);

}  // namespace rollcall::server
