// Reads DOCKER_HOST, --host and the host of a context as the docker command does. Pure.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "backends/docker_api/address.hpp"

namespace rollcall::docker {

/// The text without the blanks and line feeds around it. If nothing is left, no host is named.
std::string_view without_blanks(std::string_view written);

/// Parses a host, completed as the docker command does: without a scheme it is TCP, without a name
/// localhost, and unix:// is the usual socket. A path after the host is kept.
///
/// Errors: invalid_config, which does not repeat any password.
Result<docker_api::Address> parse_host(std::string_view written);

/// Where this host's engine listens by default.
inline constexpr std::string_view usual_socket = "/var/run/docker.sock";

}  // namespace rollcall::docker
