// How Podman speaks Docker's API, and what it tells in its own.
#pragma once

#include <rollcall/log.hpp>

#include "backends/docker_api/dialect.hpp"

namespace rollcall::podman {

/// `poll_period`: how often to list, instead of holding the stream of events, which keeps a service
/// awake that would end when it is idle. Zero: the stream is held.
docker_api::DialectPtr make_dialect(Duration poll_period, Logger log);

}  // namespace rollcall::podman
