// Kubernetes as one runtime: the pods of a cluster.
#pragma once

#include "backends/registry.hpp"
#include "transport/wire.hpp"

namespace rollcall::kubernetes {

/// No I/O.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with connections and deadlines of the caller's.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire);

}  // namespace rollcall::kubernetes
