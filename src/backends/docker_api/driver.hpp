// An engine that speaks the Docker Engine API, as a runtime.
#pragma once

#include "backends/docker_api/dialect.hpp"
#include "backends/registry.hpp"
#include "transport/host_view.hpp"
#include "transport/wire.hpp"

namespace rollcall::docker_api {

/// The port that engines listen on without TLS.
inline constexpr std::uint16_t default_port = 2375;

/// No I/O. The URL of `place` must be canonical. `view` is of this host, if null.
///
/// An engine of another product than the dialect's is refused: not this API.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    DialectPtr dialect, Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::docker_api
