// The host itself as a runtime: everything that listens.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>

#include "backends/host/network.hpp"
#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "core/list_budget.hpp"
#include "hostview/host_view.hpp"

namespace rollcall::host {

/// No I/O. `place` must come from places().
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor executor, EnvPtr env);

/// The same, with the caller's host and limits.
std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    HostViewPtr view, LookAtNetwork network,
                                    ListLimits limits = {});

}  // namespace rollcall::host
