// What a client would like to have: Accept and Accept-Encoding. Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace rollcall::server {

/// The one of `offered` that the client likes best (RFC 9110, 12.5.1); of several the first. All
/// suit a client that says nothing; nothing: none suits it.
[[nodiscard]] std::optional<std::string_view> preferred(std::string_view accept,
                                                        std::span<const std::string_view> offered);

/// Whether an Accept-Encoding header takes gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

/// Whether an If-None-Match header names the tag, compared as weak ones are.
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

}  // namespace rollcall::server
