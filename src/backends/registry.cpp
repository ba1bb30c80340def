#include "backends/registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <rollcall/backend.hpp>

#include "backends/docker/driver.hpp"
#include "backends/docker/places.hpp"
#include "backends/first_driver.hpp"
#include "backends/handover_driver.hpp"
#include "backends/host/driver.hpp"
#include "backends/host/places.hpp"
#include "backends/incus/driver.hpp"
#include "backends/incus/places.hpp"
#include "backends/kubernetes/driver.hpp"
#include "backends/kubernetes/places.hpp"
#include "backends/podman/driver.hpp"
#include "backends/podman/places.hpp"
#include "backends/systemd/driver.hpp"
#include "backends/systemd/places.hpp"
#include "engine/reflector.hpp"

namespace rollcall {
namespace {

using Kind = RuntimeBackendKind;

/// A new runtime is one folder and one line here. Those that `auto` tries come first, in its order.
constexpr std::array descriptors = {
    BackendDescriptor{Kind::docker, &docker::places, &docker::make_driver, Kind::podman},
    BackendDescriptor{Kind::podman, &podman::places, &podman::make_driver, Kind::docker},
    BackendDescriptor{Kind::systemd, &systemd::places, &systemd::make_driver},
    BackendDescriptor{Kind::incus, &incus::places, &incus::make_driver},
    BackendDescriptor{Kind::kubernetes, &kubernetes::places, &kubernetes::make_driver,
                      Kind::automatic, &kubernetes::in_cluster},
    BackendDescriptor{Kind::host, &host::places, &host::make_driver},
};

bool in_auto(Kind kind) {
  return kind == Kind::docker || kind == Kind::podman || kind == Kind::systemd ||
         kind == Kind::incus;
}

using Drivers = std::vector<std::unique_ptr<Driver>>;

Result<void> add_drivers(const BackendDescriptor& descriptor, const BackendOptions& options,
                         const boost::asio::any_io_executor& executor, const EnvPtr& env,
                         Drivers& into) {
  auto places = descriptor.places(options);
  if (!places) return fail(std::move(places.error()));
  for (const Place& place : *places) {
    into.push_back(driver_at(descriptor, place, options, executor, env));
  }
  return {};
}

Result<Drivers> drivers_of(Kind kind, const BackendOptions& options,
                           const boost::asio::any_io_executor& executor, const EnvPtr& env) {
  Drivers drivers;
  for (const BackendDescriptor& descriptor : descriptors) {
    const bool wanted =
        kind == Kind::automatic ? in_auto(descriptor.kind) : descriptor.kind == kind;
    if (!wanted || !descriptor.built()) continue;
    if (auto added = add_drivers(descriptor, options, executor, env, drivers); !added) {
      return fail(std::move(added.error()));
    }
  }
  if (drivers.empty()) {
    return fail(
        {.kind = ErrorKind::invalid_config,
         .endpoint = options.endpoint,
         .what = fmt::format("the runtime {} is not built into this version", to_string(kind)),
         .remedy = "`rollcall doctor` lists those that are"});
  }
  return drivers;
}

}  // namespace

std::span<const BackendDescriptor> backend_descriptors() noexcept {
  return descriptors;
}

std::unique_ptr<Driver> driver_at(const BackendDescriptor& descriptor, const Place& place,
                                  const BackendOptions& options,
                                  const boost::asio::any_io_executor& executor, const EnvPtr& env) {
  auto driver = descriptor.make_driver(place, options, executor, env);
  const BackendDescriptor& twin = descriptor_of(descriptor.twin);
  if (!twin.built()) return driver;
  return std::make_unique<HandoverDriver>(std::move(driver),
                                          twin.make_driver(place, options, executor, env));
}

const BackendDescriptor& descriptor_of(RuntimeBackendKind kind) noexcept {
  static constexpr BackendDescriptor not_built;
  const auto* const at = std::ranges::find(descriptors, kind, &BackendDescriptor::kind);
  return at == descriptors.end() ? not_built : *at;
}

Result<std::unique_ptr<RuntimeBackend>> make_observed_backend(
    RuntimeBackendKind kind, BackendOptions options, boost::asio::any_io_executor executor,
    std::function<void(const Transition&)> on_transition) {
  const EnvPtr env = system_env();
  auto drivers = drivers_of(kind, options, executor, env);
  if (!drivers) return fail(std::move(drivers.error()));
  std::unique_ptr<Driver> driver =
      drivers->size() == 1
          ? std::move(drivers->front())
          : std::make_unique<FirstDriver>(std::string(to_string(kind)), std::move(*drivers));
  return std::unique_ptr<RuntimeBackend>(
      std::make_unique<Reflector>(std::move(driver), std::move(executor), env,
                                  ReflectorOptions{.include_stopped = options.include_stopped,
                                                   .log = std::move(options.log),
                                                   .on_transition = std::move(on_transition)}));
}

Result<std::unique_ptr<RuntimeBackend>> make_backend(RuntimeBackendKind kind,
                                                     BackendOptions options,
                                                     boost::asio::any_io_executor executor) {
  return make_observed_backend(kind, std::move(options), std::move(executor), {});
}

}  // namespace rollcall
