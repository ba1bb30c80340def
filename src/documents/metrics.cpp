#include "documents/metrics.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "core/text/text.hpp"

namespace rollcall::server {
namespace {

/// Values of this format are doubles: a time in nanoseconds is not exact in one, and need not be.
double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
double seconds(const std::optional<Timestamp>& time) {
  return time ? seconds(time->time_since_epoch()) : 0;
}
double number(std::uint64_t count) {
  return static_cast<double>(count);
}

struct Total {
  Metric metric;
  double (*value)(const Standing&);
};

constexpr auto totals = std::to_array<Total>({
    {{"rollcall_uptime_seconds", "gauge", "How long the daemon has run."},
     [](const Standing& s) { return seconds(s.up); }},
    {{"rollcall_settled", "gauge", "1 when every backend has synced or failed once."},
     [](const Standing& s) { return s.settled ? 1.0 : 0.0; }},
    {{"rollcall_complete", "gauge", "1 when the instances of every backend are known."},
     [](const Standing& s) { return s.complete ? 1.0 : 0.0; }},
    {{"rollcall_instances", "gauge", "Instances that are shown."},
     [](const Standing& s) { return number(s.instances); }},
    {{"rollcall_changes_total", "counter", "Changes that were logged."},
     [](const Standing& s) { return number(s.cursor.sequence); }},
    {{"rollcall_log_entries", "gauge", "Changes that are kept, for consumers that resume."},
     [](const Standing& s) { return number(s.log.entries); }},
    {{"rollcall_log_bytes", "gauge", "Memory of the changes that are kept, estimated."},
     [](const Standing& s) { return number(s.log.bytes); }},
    {{"rollcall_subscribers", "gauge", "Consumers that follow the changes."},
     [](const Standing& s) { return number(s.log.subscribers); }},
    {{"rollcall_subscriber_lag_changes", "gauge",
      "Changes that the slowest consumer has not taken yet."},
     [](const Standing& s) { return number(s.log.furthest_behind); }},
    {{"rollcall_subscribers_lagged_total", "counter",
      "Consumers that were told that they had lost changes."},
     [](const Standing& s) { return number(s.log.lagged); }},
    {{"rollcall_http_connections", "gauge", "Connections that are open."},
     [](const Standing& s) { return number(s.server.connections); }},
    {{"rollcall_http_requests_in_flight", "gauge", "Requests that are being answered."},
     [](const Standing& s) { return number(s.server.in_flight); }},
    {{"rollcall_http_requests_total", "counter", "Requests that have come."},
     [](const Standing& s) { return number(s.server.requests); }},
    {{"rollcall_http_refused_connections_total", "counter",
      "Connections that were refused, or let go for others, because there were too many."},
     [](const Standing& s) { return number(s.server.refused_connections); }},
    {{"rollcall_http_refused_requests_total", "counter",
      "Requests that were refused by a limit, the token or the Host, or because they were not "
      "HTTP."},
     [](const Standing& s) { return number(s.server.refused_requests); }},
    {{"rollcall_targets_left_out", "gauge",
      "Ports that the last answer for Prometheus had no room for."},
     [](const Standing& s) { return number(s.server.targets_left_out); }},
    {{"rollcall_http_stalled_total", "counter", "Clients that did not read in time."},
     [](const Standing& s) { return number(s.server.stalled); }},
});

struct OfBackend {
  Metric metric;
  double (*value)(const SourceStatus&, Timestamp now);
};

using Of = const SourceStatus&;

constexpr auto of_backends = std::to_array<OfBackend>({
    {{"rollcall_backend_connected", "gauge",
      "1 when the backend's instances are complete and current."},
     [](Of s, Timestamp) { return s.state == SourceState::ready ? 1.0 : 0.0; }},
    {{"rollcall_backend_unknown", "gauge",
      "1 when it is not known what the backend runs: it was never listed, or it was dropped after "
      "the grace."},
     [](Of s, Timestamp) { return unknown_of(s) != Unknown::no ? 1.0 : 0.0; }},
    {{"rollcall_backend_instances", "gauge", "Instances of the backend that are shown."},
     [](Of s, Timestamp) { return number(s.instances); }},
    {{"rollcall_backend_repeated_instances", "gauge",
      "Instances of the backend that are left out, for another path to its engine shows them."},
     [](Of s, Timestamp) { return number(s.repeated); }},
    {{"rollcall_backend_stale_seconds", "gauge",
      "How long what is shown of the backend has not been confirmed; 0 while it is connected."},
     [](Of s, Timestamp now) { return s.stale_since ? seconds(now - *s.stale_since) : 0; }},
    {{"rollcall_backend_last_event_timestamp_seconds", "gauge",
      "When the backend told something last; 0 for never."},
     [](Of s, Timestamp) { return seconds(s.last_event); }},
    {{"rollcall_backend_last_sync_timestamp_seconds", "gauge",
      "When a list of the backend was complete last; 0 for never."},
     [](Of s, Timestamp) { return seconds(s.last_sync); }},
    {{"rollcall_backend_events_total", "counter", "Events that the backend told."},
     [](Of s, Timestamp) { return number(s.counters.events); }},
    {{"rollcall_backend_connects_total", "counter", "Sessions with the backend that began."},
     [](Of s, Timestamp) { return number(s.counters.connects); }},
    {{"rollcall_backend_reconnects_total", "counter", "Returns of the backend after a loss."},
     [](Of s, Timestamp) { return number(s.counters.reconnects); }},
    {{"rollcall_backend_drops_total", "counter", "Losses of the backend."},
     [](Of s, Timestamp) { return number(s.counters.drops); }},
    {{"rollcall_backend_lists_total", "counter", "Complete lists of the backend."},
     [](Of s, Timestamp) { return number(s.counters.lists); }},
    {{"rollcall_backend_resyncs_total", "counter",
      "Lists that were asked for because changes may have been missed, or a check was due."},
     [](Of s, Timestamp) { return number(s.counters.resyncs); }},
    {{"rollcall_backend_failures_total", "counter",
      "Attempts and sessions that ended with an error."},
     [](Of s, Timestamp) { return number(s.counters.failures); }},
    {{"rollcall_backend_protocol_errors_total", "counter",
      "Answers that the API of the backend does not allow."},
     [](Of s, Timestamp) { return number(s.counters.protocol_errors); }},
    {{"rollcall_backend_unknown_signals_total", "counter",
      "Signals of the backend whose meaning is not known."},
     [](Of s, Timestamp) { return number(s.counters.unknown_signals); }},
});

/// A label's value between quotes.
std::string escaped_label(std::string_view foreign) {
  std::string out;
  for (const char c : valid_utf8(foreign)) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

void head(std::string& out, const Metric& metric) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help,
                 metric.name, metric.type);
}

/// Unique label pairs: two sources whose names are not known yet may have equal ones, and a series
/// must not occur twice.
std::vector<std::string> names_of(const std::vector<SourceStatus>& sources) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const SourceStatus& source : sources) {
    std::string name = fmt::format(R"(backend="{}",endpoint="{}")", escaped_label(source.name),
                                   escaped_label(source.endpoint));
    if (!taken.insert(name).second) {
      name += fmt::format(R"(,source="{}")", source.id);
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<Metric> all_metrics() {
  std::vector<Metric> all = {
      {"rollcall_build_info", "gauge", "1; the version of the daemon is a label."}};
  for (const Total& total : totals) all.push_back(total.metric);
  for (const OfBackend& of : of_backends) all.push_back(of.metric);
  return all;
}

}  // namespace

std::string metrics_text(const Standing& standing) {
  std::string out;
  head(out, metric_table().front());
  out += fmt::format("rollcall_build_info{{version=\"{}\"}} 1\n", escaped_label(standing.version));
  for (const Total& total : totals) {
    head(out, total.metric);
    out += fmt::format("{} {}\n", total.metric.name, total.value(standing));
  }
  const std::vector<std::string> names = names_of(standing.sources);
  for (const OfBackend& of : of_backends) {
    head(out, of.metric);
    for (std::size_t i = 0; i < names.size(); ++i) {
      out += fmt::format("{}{{{}}} {}\n", of.metric.name, names[i],
                         of.value(standing.sources[i], standing.now));
    }
  }
  return out;
}

std::span<const Metric> metric_table() {
  static const std::vector<Metric> all = all_metrics();
  return all;
}

}  // namespace rollcall::server
