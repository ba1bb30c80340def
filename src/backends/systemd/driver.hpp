// systemd as a runtime: its services, and the ports that they serve.
#pragma once

#include "backends/registry.hpp"
#include "transport/host_view.hpp"
#include "transport/wire.hpp"

namespace rollcall::systemd {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with a host and deadlines of the caller's.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr host, Deadlines deadlines);

}  // namespace rollcall::systemd
