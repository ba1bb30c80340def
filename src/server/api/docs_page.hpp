// The routes, described for people: one page that needs nothing else. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/api/route.hpp"

namespace rollcall::server {

/// HTML without scripts, images or anything from elsewhere.
[[nodiscard]] std::string docs_page(std::span<const Route> routes, std::string_view version);

/// The page's Content-Security-Policy: inline styles, and nothing else.
inline constexpr std::string_view docs_policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace rollcall::server
