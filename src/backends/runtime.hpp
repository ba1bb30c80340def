// A runtime as its own folder describes it. To add one, add a folder with such a description, and a
// line in assembly/registry.cpp.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "core/runtimes.hpp"

namespace rollcall {

struct Runtime {
  RuntimeTraits traits;
  /// All places to look at, in order. One place if the user or a variable decided it.
  /// Errors: invalid_config, if that cannot be understood.
  Result<std::vector<Place>> (*places)(const BackendOptions& options) = nullptr;
  /// No I/O. `place` comes from places().
  std::unique_ptr<Driver> (*make_driver)(const Place& place, const BackendOptions& options,
                                         boost::asio::any_io_executor executor,
                                         EnvPtr env) = nullptr;
  /// The runtime that may answer at its places instead, because it speaks the same API; automatic:
  /// none.
  RuntimeBackendKind twin = RuntimeBackendKind::automatic;
  /// Whether this runtime is meant, too, if none is named. Null: always.
  bool (*meant)(const BackendOptions& options) = nullptr;

  [[nodiscard]] bool meant_by_default(const BackendOptions& options) const {
    return meant == nullptr || meant(options);
  }
};

}  // namespace rollcall
