// Errors as RFC 9457 writes them: application/problem+json.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "server/http/reply.hpp"

namespace rollcall::server {

inline constexpr std::string_view problem_type = "application/problem+json";

/// {"type":"about:blank","title":"Not Found","status":404,"detail":…} and the members of `more`.
[[nodiscard]] Reply problem(unsigned status, std::string_view detail,
                            boost::json::object more = {});

}  // namespace rollcall::server
