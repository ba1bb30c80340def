// Content negotiation: Accept, Accept-Encoding and If-None-Match. Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace rollcall::server {

/// The type of `offered` that the client prefers (RFC 9110, 12.5.1); the first of several. Any type
/// suits a client without the header. Nothing: the client accepts none.
[[nodiscard]] std::optional<std::string_view> preferred(std::string_view accept,
                                                        std::span<const std::string_view> offered);

/// Whether an Accept-Encoding header takes gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

/// Whether an If-None-Match header names the tag, compared as weak ones are.
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace rollcall::server
