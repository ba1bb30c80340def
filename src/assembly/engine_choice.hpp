// Makes backends: from an engine that was chosen, by its runtime, its place and the options.
#pragma once

#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <rollcall/backend.hpp>
#include <rollcall/config.hpp>
#include <rollcall/result.hpp>

#include "backends/place.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "engine/merged_watch.hpp"

namespace rollcall {

/// An engine to ask or to watch.
struct EngineChoice {
  RuntimeBackendKind kind{};
  /// Where it is, as the runtime has found it; absent: `options.endpoint`, or if that is empty, all
  /// places that the runtime knows.
  std::optional<Place> place{};
  BackendOptions options{};
};

/// The driver of one place, for whichever of a runtime and its twin answers there. The runtime of
/// `kind` exists.
std::unique_ptr<Driver> driver_at(RuntimeBackendKind kind, const Place& place,
                                  const BackendOptions& options,
                                  const boost::asio::any_io_executor& executor, const EnvPtr& env);

/// make_backend() of backend.hpp. `hooks` let others observe its watch.
///
/// Errors: invalid_config.
Result<std::unique_ptr<RuntimeBackend>> make_backend(EngineChoice choice,
                                                     boost::asio::any_io_executor executor,
                                                     SourceHooks hooks = {});

/// The engine as a source for MergedWatch::add or Hub::add. Its hooks replace
/// `options.listed_elsewhere`.
SourceSpec source_of(EngineChoice choice, boost::asio::any_io_executor executor, bool named);

}  // namespace rollcall
