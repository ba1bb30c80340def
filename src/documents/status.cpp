#include "documents/status.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "core/json/json_text.hpp"
#include "core/text/text.hpp"

namespace rollcall::server {
namespace {

namespace json = boost::json;

void put_text(json::object& out, std::string_view key, std::string_view foreign) {
  if (!foreign.empty()) out[key] = valid_utf8(foreign);
}

void put_time(json::object& out, std::string_view key, const std::optional<Timestamp>& time) {
  if (time) out[key] = to_rfc3339(*time);
}

json::object counters_of(const SourceCounters& counters) {
  return {{"events", counters.events},
          {"connects", counters.connects},
          {"reconnects", counters.reconnects},
          {"drops", counters.drops},
          {"lists", counters.lists},
          {"resyncs", counters.resyncs},
          {"failures", counters.failures},
          {"protocol_errors", counters.protocol_errors},
          {"unknown_signals", counters.unknown_signals}};
}

json::object backend_of(const SourceStatus& source) {
  json::object out;
  put_text(out, "backend", source.name);
  put_text(out, "endpoint", source.endpoint);
  out["kind"] = to_string(source.kind);
  out["named"] = source.named;
  out["state"] = to_string(source.state);
  put_time(out, "since", source.since);
  put_text(out, "reason", source.reason);
  put_time(out, "next_try", source.next_try);
  put_time(out, "stale_since", source.stale_since);
  put_time(out, "last_event", source.last_event);
  put_time(out, "last_sync", source.last_sync);
  const Unknown why = unknown_of(source);
  if (why != Unknown::no) out[why == Unknown::never ? "never" : "dropped"] = true;
  out["instances"] = source.instances;
  if (source.repeated > 0) out["repeated"] = source.repeated;
  out["counters"] = counters_of(source.counters);
  return out;
}

json::object log_of(const Standing& standing) {
  const LogStatus& log = standing.log;
  return {{"oldest", to_string(standing.oldest)},
          {"entries", log.entries},
          {"bytes", log.bytes},
          {"subscribers", log.subscribers},
          {"furthest_behind", log.furthest_behind},
          {"lagged", log.lagged}};
}

json::object server_of(const Stats& stats) {
  return {{"connections", stats.connections},
          {"in_flight", stats.in_flight},
          {"subscribers", stats.subscribers},
          {"requests", stats.requests},
          {"refused_connections", stats.refused_connections},
          {"refused_requests", stats.refused_requests},
          {"stalled", stats.stalled}};
}

}  // namespace

Standing standing_of(const Hub& hub, const Stats& stats, std::string_view version, Timestamp now,
                     Duration up) {
  Standing standing{.version = version,
                    .now = now,
                    .up = up,
                    .settled = hub.settled(),
                    .complete = hub.unknown().complete(),
                    .instances = 0,
                    .cursor = hub.cursor(),
                    .oldest = hub.oldest(),
                    .log = hub.log_status(),
                    .server = stats,
                    .sources = hub.sources()};
  for (const SourceStatus& source : standing.sources) standing.instances += source.instances;
  return standing;
}

std::string status_text(const Standing& standing) {
  json::array backends;
  for (const SourceStatus& source : standing.sources) backends.emplace_back(backend_of(source));
  json::object out;
  out["version"] = standing.version;
  out["uptime_seconds"] = std::chrono::floor<std::chrono::seconds>(standing.up).count();
  out["settled"] = standing.settled;
  out["complete"] = standing.complete;
  out["instances"] = standing.instances;
  out["cursor"] = to_string(standing.cursor);
  out["backends"] = std::move(backends);
  out["log"] = log_of(standing);
  out["server"] = server_of(standing.server);
  return serialized(out) + "\n";
}

}  // namespace rollcall::server
