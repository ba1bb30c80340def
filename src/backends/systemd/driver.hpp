// systemd as a runtime: its services, and the ports that they serve.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "hostview/host_view.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::systemd {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with the caller's host, deadlines and limits.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr host, Deadlines deadlines, ListLimits limits = {});

}  // namespace rollcall::systemd
