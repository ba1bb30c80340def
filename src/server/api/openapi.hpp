// The routes, described for programs: OpenAPI 3.1. Pure.
#pragma once

#include <span>
#include <string_view>

#include <boost/json/object.hpp>

#include "server/api/route.hpp"

namespace rollcall::server {

[[nodiscard]] boost::json::object openapi_document(std::span<const Route> routes,
                                                   std::string_view version);

}  // namespace rollcall::server
