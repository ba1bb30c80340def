// Every runtime that Rollcall knows: one line each in registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>
#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"

namespace rollcall {

struct Transition;
class IdentityQuestion;

using MakeDriver = std::unique_ptr<Driver> (*)(const Place& place, const BackendOptions& options,
                                               boost::asio::any_io_executor executor, EnvPtr env);

/// One runtime.
struct BackendDescriptor {
  RuntimeBackendKind kind{};
  /// All places to look at, in order. One place if the user or a variable decided it.
  /// Errors: invalid_config, if that cannot be understood.
  Result<std::vector<Place>> (*places)(const BackendOptions& options) = nullptr;
  MakeDriver make_driver = nullptr;
  /// The runtime that may answer at its places instead, because it speaks the same API; automatic:
  /// none.
  RuntimeBackendKind twin = RuntimeBackendKind::automatic;
  /// Whether this runtime is meant, too, if none is named. Null: always.
  bool (*meant)(const BackendOptions& options) = nullptr;

  [[nodiscard]] bool meant_by_default(const BackendOptions& options) const {
    return meant == nullptr || meant(options);
  }
};

/// All runtimes, those that `auto` tries first, in its order.
std::span<const BackendDescriptor> backend_descriptors() noexcept;

/// The driver of one place, for whichever of a runtime and its twin answers there.
std::unique_ptr<Driver> driver_at(const BackendDescriptor& descriptor, const Place& place,
                                  const BackendOptions& options,
                                  const boost::asio::any_io_executor& executor, const EnvPtr& env);

/// make_backend() of backend.hpp, with a watch that can be observed and asked for its engine's
/// identity.
Result<std::unique_ptr<RuntimeBackend>> make_observed_backend(
    RuntimeBackendKind kind, BackendOptions options, boost::asio::any_io_executor executor,
    std::function<void(const Transition&)> on_transition,
    std::shared_ptr<IdentityQuestion> identity = nullptr);

/// The runtime of a kind; null for `auto`.
const BackendDescriptor* descriptor_of(RuntimeBackendKind kind) noexcept;

}  // namespace rollcall
