// Headers that the docker command adds to its requests, as its user configured. Pure.
#pragma once

#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

#include "transport/http/client.hpp"

namespace rollcall::docker {

/// Parses DOCKER_CUSTOM_HEADERS: `name=value` pairs in one line of CSV. A repeated name replaces
/// the earlier value.
///
/// Errors: invalid_config, which does not repeat any value.
Result<std::vector<HttpHeader>> read_custom_headers(std::string_view csv);

/// The headers that may be sent, with blanks around their values removed. Drops empty values, and
/// headers that are not the user's to set: the host, the framing of the body, and our own name.
///
/// Errors: invalid_config, for an invalid name or value; it does not repeat any value.
Result<std::vector<HttpHeader>> checked_headers(const std::vector<HttpHeader>& headers);

}  // namespace rollcall::docker
