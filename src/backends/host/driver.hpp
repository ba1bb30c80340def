// The host itself as a runtime: whatever listens.
#pragma once

#include "backends/host/network.hpp"
#include "backends/registry.hpp"
#include "transport/host_view.hpp"

namespace rollcall::host {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, of a host of the caller's.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr view, LookAtNetwork network);

}  // namespace rollcall::host
