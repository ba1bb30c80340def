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

#include "core/driver.hpp"
#include "core/env.hpp"

namespace rollcall {

struct Transition;

/// What a runtime knows of a place besides; its own driver alone understands it.
struct PlaceDetail {
  virtual ~PlaceDetail() = default;
};

/// Where an engine may be, and who says so.
struct Place {
  std::string url;     ///< Canonical: "unix:///var/run/docker.sock".
  std::string source;  ///< "DOCKER_HOST", "--endpoint", "system socket", "rootless socket", …
  bool usual = false;  ///< The only one, and nobody has said that it is there.
  std::string note{};  ///< How it is secured, and what was passed over; for people, may be empty.
  std::optional<TlsOptions> tls{};  ///< Of an https:// URL.
  std::string ssh_identity{};  ///< The file of the key for ssh; empty: as the user has configured.
  std::shared_ptr<const PlaceDetail> detail{};  ///< Null for most runtimes.
};

using MakeDriver = std::unique_ptr<Driver> (*)(const Place& place, const BackendOptions& options,
                                               boost::asio::any_io_executor executor, EnvPtr env);

/// One runtime.
struct BackendDescriptor {
  RuntimeBackendKind kind{};
  /// All places to look at, in order. One place if the user or a variable decided it.
  /// Errors: invalid_config, if that cannot be understood. Null if the runtime is not built yet.
  Result<std::vector<Place>> (*places)(const BackendOptions& options) = nullptr;
  MakeDriver make_driver = nullptr;  ///< Null if the runtime is not built yet.
  /// The runtime that may answer at its places instead, because it speaks the same API; automatic:
  /// none.
  RuntimeBackendKind twin = RuntimeBackendKind::automatic;
  /// Whether who names no runtime means this one, too. Null: always.
  bool (*meant)(const BackendOptions& options) = nullptr;

  [[nodiscard]] bool meant_by_default(const BackendOptions& options) const {
    return meant == nullptr || meant(options);
  }
  [[nodiscard]] bool built() const noexcept { return make_driver != nullptr; }
};

/// All runtimes, those that `auto` tries first, in its order.
std::span<const BackendDescriptor> backend_descriptors() noexcept;

/// The driver of one place, for whichever of a runtime and its twin answers there.
std::unique_ptr<Driver> driver_at(const BackendDescriptor& descriptor, const Place& place,
                                  const BackendOptions& options,
                                  const boost::asio::any_io_executor& executor, const EnvPtr& env);

/// make_backend() of backend.hpp, whose watch is observed.
Result<std::unique_ptr<RuntimeBackend>> make_observed_backend(
    RuntimeBackendKind kind, BackendOptions options, boost::asio::any_io_executor executor,
    std::function<void(const Transition&)> on_transition);

/// The runtime of a kind; one that is not built, for a kind that is not in the list.
const BackendDescriptor& descriptor_of(RuntimeBackendKind kind) noexcept;

}  // namespace rollcall
