#include "backends/podman/driver.hpp"

#include <utility>

#include <rollcall/options/podman.hpp>

#include "backends/docker_api/driver.hpp"
#include "backends/podman/dialect.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::podman {

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor /*executor*/, EnvPtr env) {
  const auto endpoint = docker_api::endpoint_of(place, "podman", "--url");
  return make_driver(place, options, std::move(env), Wire::to(*endpoint));
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire, HostViewPtr view) {
  return docker_api::make_driver(place, options, std::move(env),
                                 make_dialect(options.of<PodmanOptions>().poll, options.log),
                                 std::move(wire), std::move(view));
}

}  // namespace rollcall::podman
