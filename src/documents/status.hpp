// The status of the daemon and of all that it watches, in JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "documents/stats.hpp"
#include "engine/hub.hpp"

namespace rollcall::server {

/// A snapshot of all that /v1/status and /metrics report.
struct Standing {
  std::string_view version;  ///< Of the program.
  Timestamp now{};
  Duration up{};          ///< Since it was started.
  bool settled = false;   ///< Hub::settled().
  bool complete = false;  ///< Of Hub::unknown().
  std::size_t instances = 0;
  Cursor cursor;
  Cursor oldest;
  LogStatus log;
  Stats server;
  std::vector<SourceStatus> sources;
};

/// The present status of a hub and its server.
[[nodiscard]] Standing standing_of(const Hub& hub, const Stats& stats, std::string_view version,
                                   Timestamp now, Duration up);

/// {"version","uptime_seconds","settled","complete","instances","cursor","backends":[…],"log":{…},
/// "server":{…}}
///
/// Of each backend: backend, endpoint, kind, named, state, since, reason, next_try, stale_since,
/// last_event, last_sync, instances, repeated, counters; what is not known is absent. One of which
/// it is not known what it runs has `never` or `dropped`, as in a list.
[[nodiscard]] std::string status_text(const Standing& standing);

}  // namespace rollcall::server
