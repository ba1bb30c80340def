#include "assembly/registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <rollcall/backend.hpp>

#include "assembly/first_driver.hpp"
#include "assembly/handover_driver.hpp"
#include "backends/docker/driver.hpp"
#include "backends/docker/places.hpp"
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
#include "core/runtimes.hpp"
#include "engine/reflector.hpp"

namespace rollcall {
namespace {

using Kind = RuntimeBackendKind;

/// To add a runtime, add a folder and a line here. The runtimes that `auto` tries come first, in
/// its order.
constexpr std::array descriptors = {
    BackendDescriptor{Kind::docker, &docker::places, &docker::make_driver, Kind::podman},
    BackendDescriptor{Kind::podman, &podman::places, &podman::make_driver, Kind::docker},
    BackendDescriptor{Kind::systemd, &systemd::places, &systemd::make_driver},
    BackendDescriptor{Kind::incus, &incus::places, &incus::make_driver},
    BackendDescriptor{Kind::kubernetes, &kubernetes::places, &kubernetes::make_driver,
                      Kind::automatic, &kubernetes::in_cluster},
    BackendDescriptor{Kind::host, &host::places, &host::make_driver},
};

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
    const RuntimeTraits* const traits = traits_of(descriptor.kind);
    const bool in_auto = traits != nullptr && traits->in_auto;
    if (kind == Kind::automatic ? !in_auto : descriptor.kind != kind) continue;
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
  const BackendDescriptor* const twin = descriptor_of(descriptor.twin);
  if (twin == nullptr) return driver;
  return std::make_unique<HandoverDriver>(std::move(driver),
                                          twin->make_driver(place, options, executor, env));
}

const BackendDescriptor* descriptor_of(RuntimeBackendKind kind) noexcept {
  const auto* const at = std::ranges::find(descriptors, kind, &BackendDescriptor::kind);
  return at == descriptors.end() ? nullptr : at;
}

Result<std::unique_ptr<RuntimeBackend>> make_observed_backend(
    RuntimeBackendKind kind, BackendOptions options, boost::asio::any_io_executor executor,
    std::function<void(const Transition&)> on_transition,
    std::shared_ptr<IdentityQuestion> identity) {
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
                                                   .on_transition = std::move(on_transition),
                                                   .identity = std::move(identity)}));
}

Result<std::unique_ptr<RuntimeBackend>> make_backend(RuntimeBackendKind kind,
                                                     BackendOptions options,
                                                     boost::asio::any_io_executor executor) {
  return make_observed_backend(kind, std::move(options), std::move(executor), {});
}

}  // namespace rollcall
