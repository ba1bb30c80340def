// How the daemon and all that it watches stand, in JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hub.hpp"
#include "server/stats.hpp"

namespace rollcall::server {

/// What /v1/status and /metrics tell of, as it is at one moment.
struct Standing {
  std::string_view version;  ///< Of the program.
  Timestamp now{};
  Duration up{};         ///< Since it was started.
  bool settled = false;  ///< Hub::settled().
  std::size_t instances = 0;
  Cursor cursor;
  Cursor oldest;
  LogStatus log;
  Stats server;
  std::vector<SourceStatus> sources;
};

/// The standing of a hub and its server.
[[nodiscard]] Standing standing_of(const Hub& hub, const Stats& stats, std::string_view version,
                                   Timestamp now, Duration up);

/// {"version","uptime_seconds","settled","instances","cursor","backends":[…],"log":{…},
/// "server":{…}}
///
/// Of each backend: backend, endpoint, kind, named, state, since, reason, next_try, stale_since,
/// last_event, last_sync, instances, repeated, counters; what is not known is absent.
[[nodiscard]] std::string status_text(const Standing& standing);

}  // namespace rollcall::server
