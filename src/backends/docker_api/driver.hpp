// The driver for engines that speak the Docker Engine API.
#pragma once

#include <memory>
#include <string_view>

#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/docker_api/address.hpp"
#include "backends/docker_api/dialect.hpp"
#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "hostview/host_view.hpp"
#include "transport/endpoint.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::docker_api {

/// How to connect to a place. For ssh, `program` is the engine's command line at the far side,
/// "docker" or "podman", and `socket_option` its option that names another socket.
///
/// Errors: invalid_config.
Result<Endpoint> endpoint_of(const Place& place, std::string_view program,
                             std::string_view socket_option);

/// No I/O. The URL of `place` must be canonical. `view`: null for this host.
///
/// An engine of another product than the dialect's is refused with not_this_api.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    DialectPtr dialect, Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::docker_api
