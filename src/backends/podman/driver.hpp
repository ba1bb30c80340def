// Podman as a runtime.
#pragma once

#include "backends/registry.hpp"
#include "transport/host_view.hpp"
#include "transport/wire.hpp"

namespace rollcall::podman {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with connections and deadlines of the caller's, and his view of the host.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::podman
