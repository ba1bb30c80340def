#include "assembly/engine_choice.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "assembly/candidates_driver.hpp"
#include "assembly/registry.hpp"
#include "engine/reflector.hpp"

namespace rollcall {
namespace {

using boost::asio::any_io_executor;

using Drivers = std::vector<std::unique_ptr<Driver>>;

Result<void> add_drivers(const Runtime& runtime, const BackendOptions& options,
                         const any_io_executor& executor, const EnvPtr& env, Drivers& into) {
  auto places = runtime.places(options);
  if (!places) return fail(std::move(places.error()));
  for (const Place& place : *places) {
    into.push_back(driver_at(runtime.traits.kind, place, options, executor, env));
  }
  return {};
}

/// The driver of all places where an engine of this kind may be.
Result<std::unique_ptr<Driver>> driver_of(RuntimeBackendKind kind, const BackendOptions& options,
                                          const any_io_executor& executor, const EnvPtr& env) {
  Drivers drivers;
  for (const Runtime* runtime : registered_runtimes()) {
    const bool automatic = kind == RuntimeBackendKind::automatic;
    if (automatic ? !runtime->traits.in_auto : runtime->traits.kind != kind) continue;
    if (auto added = add_drivers(*runtime, options, executor, env, drivers); !added) {
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
  return CandidatesDriver::places(std::string(to_string(kind)), std::move(drivers));
}

}  // namespace

std::unique_ptr<Driver> driver_at(RuntimeBackendKind kind, const Place& place,
                                  const BackendOptions& options, const any_io_executor& executor,
                                  const EnvPtr& env) {
  const Runtime& runtime = *runtime_of(kind);
  auto driver = runtime.make_driver(place, options, executor, env);
  const Runtime* const twin = runtime_of(runtime.twin);
  if (twin == nullptr) return driver;
  return CandidatesDriver::twins(std::move(driver),
                                 twin->make_driver(place, options, executor, env));
}

Result<std::unique_ptr<RuntimeBackend>> make_backend(EngineChoice choice, any_io_executor executor,
                                                     SourceHooks hooks) {
  const EnvPtr env = system_env();
  BackendOptions& options = choice.options;
  if (hooks.listed_elsewhere) options.listed_elsewhere = std::move(hooks.listed_elsewhere);
  auto driver = choice.place ? Result<std::unique_ptr<Driver>>(
                                   driver_at(choice.kind, *choice.place, options, executor, env))
                             : driver_of(choice.kind, options, executor, env);
  if (!driver) return fail(std::move(driver.error()));
  return std::unique_ptr<RuntimeBackend>(
      std::make_unique<Reflector>(std::move(*driver), std::move(executor), env,
                                  ReflectorOptions{.include_stopped = options.include_stopped,
                                                   .log = std::move(options.log),
                                                   .on_transition = std::move(hooks.on_transition),
                                                   .identity = std::move(hooks.identity)}));
}

Result<std::unique_ptr<RuntimeBackend>> make_backend(RuntimeBackendKind kind,
                                                     BackendOptions options,
                                                     any_io_executor executor) {
  return make_backend({.kind = kind, .options = std::move(options)}, std::move(executor));
}

SourceSpec source_of(EngineChoice choice, any_io_executor executor, bool named) {
  const BackendOptions& options = choice.options;
  const std::string& url = choice.place ? choice.place->url : options.endpoint;
  SourceSpec spec{
      .kind = choice.kind, .endpoint = options.alias.empty() ? url : options.alias, .named = named};
  spec.make = [choice = std::move(choice),
               executor = std::move(executor)](SourceHooks hooks) mutable {
    return make_backend(std::move(choice), std::move(executor), std::move(hooks));
  };
  return spec;
}

}  // namespace rollcall
