// An engine that speaks the Docker Engine API, as a runtime.
#pragma once

#include "backends/registry.hpp"
#include "transport/host_view.hpp"
#include "transport/wire.hpp"

namespace rollcall::docker_api {

/// The port that engines listen on without TLS.
inline constexpr std::uint16_t default_port = 2375;

/// No I/O. The URL of `place` must be canonical.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::docker_api
