// Incus and LXD as one runtime: containers and virtual machines of a server.
#pragma once

#include "backends/registry.hpp"
#include "transport/wire.hpp"

namespace rollcall::incus {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with connections and deadlines of the caller's.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire);

}  // namespace rollcall::incus
