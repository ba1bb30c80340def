// Podman as a runtime.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "hostview/host_view.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::podman {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with the caller's connections, deadlines and view of the host.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire, HostViewPtr view = nullptr);

}  // namespace rollcall::podman
