// Kubernetes as one runtime: the pods of a cluster.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::kubernetes {

/// No I/O.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with the caller's connections and deadlines.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire);

}  // namespace rollcall::kubernetes
