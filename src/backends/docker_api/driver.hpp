// An engine that speaks the Docker Engine API, as a runtime.
#pragma once

#include "backends/docker_api/dialect.hpp"
#include "backends/registry.hpp"
#include "transport/endpoint.hpp"
#include "transport/host_view.hpp"
#include "transport/wire.hpp"

namespace rollcall::docker_api {

/// The ports that engines listen on without TLS and with it.
inline constexpr DefaultPorts default_ports{.plain = 2375, .tls = 2376};

/// How a place is connected to. `program` is the command line of the far side's engine, by ssh:
/// "docker" or "podman"; `socket_option` names another socket to it.
///
/// Errors: invalid_config.
Result<Endpoint> endpoint_of(const Place& place, std::string_view program,
                             std::string_view socket_option);

/// No I/O. The URL of `place` must be canonical. `view` is of this host, if null.
///
/// An engine of another product than the dialect's is refused: not this API.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    DialectPtr dialect, Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::docker_api
