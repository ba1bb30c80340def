// Identifies the server.
#pragma once

#include <string>
#include <string_view>

#include <rollcall/task.hpp>

#include "backends/kubernetes/engine.hpp"

namespace rollcall::kubernetes {

struct ServerInfo {
  std::string version;  ///< "v1.20.2"; empty: it does not tell.
  int minor = 0;        ///< Of the API; 0: not known.

  /// Whether it may support streamed lists (sendInitialEvents).
  [[nodiscard]] bool streams_lists() const noexcept { return minor >= 32; }
};

/// Parses the answer to /version. Errors: protocol, if it is none.
Result<ServerInfo> read_server(std::string_view json);

/// Asks for the version, and whether the server accepts us.
///
/// Errors: those of connecting; denied; not this API.
[[nodiscard]] Task<ServerInfo> greet(EngineStatePtr engine);

}  // namespace rollcall::kubernetes
