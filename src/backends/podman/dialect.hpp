// Podman's dialect of the Docker API, and its own API.
#pragma once

#include <rollcall/log.hpp>

#include "backends/docker_api/dialect.hpp"

namespace rollcall::podman {

/// `poll_period`: how often to list instead of holding the stream of events, which would keep an
/// idle service from ending. Zero: hold the stream.
docker_api::DialectPtr make_dialect(Duration poll_period, Logger log);

}  // namespace rollcall::podman
