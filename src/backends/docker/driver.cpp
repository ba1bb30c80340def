#include "backends/docker/driver.hpp"

#include <utility>

#include "backends/docker/dialect.hpp"
#include "backends/docker_api/driver.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::docker {

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options,
                                    boost::asio::any_io_executor /*executor*/, EnvPtr env) {
  const auto endpoint = docker_api::endpoint_of(place, "docker", "--host");
  const TlsOptions& tls = endpoint->tls;
  const bool pinned = !tls.pinned.empty() || !tls.fingerprint.empty();
  const bool believes = endpoint->scheme == Endpoint::Scheme::tls && !tls.verify && !pinned;
  if (believes && options.log) {
    options.log(LogLevel::warning, place.url + ": the engine's certificate is not verified");
  }
  return make_driver(place, options, std::move(env), Wire::to(*endpoint));
}

std::unique_ptr<Driver> make_driver(const Place& place, const BackendOptions& options, EnvPtr env,
                                    Wire wire, HostViewPtr view) {
  return docker_api::make_driver(place, options, std::move(env), make_dialect(), std::move(wire),
                                 std::move(view));
}

}  // namespace rollcall::docker
