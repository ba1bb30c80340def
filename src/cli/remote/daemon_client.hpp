// A client of a daemon's HTTP API, for `--server`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/task.hpp>

#include "cli/command_line/options.hpp"
#include "cli/remote/event_stream.hpp"
#include "transport/http/client.hpp"

namespace rollcall::cli {

/// An engine that the daemon cannot watch for now.
struct StaleEngine {
  std::string backend;
  std::string endpoint;
  std::string reason;
  bool never = false;    ///< It has not been listed since the daemon was started.
  bool dropped = false;  ///< It has been away for longer than the daemon's grace.
  bool named = false;    ///< For `never` and `dropped`: the engine was named to the daemon.

  /// Whether it may run an instance that the daemon does not list.
  [[nodiscard]] bool may_run(const InstanceKey& key) const;

  /// "docker at unix:///run/docker.sock is away, and what it runs may be old: …"
  [[nodiscard]] std::string describe() const;
};

/// The stale engines of a list or a bookmark.
std::vector<StaleEngine> stale_in(const boost::json::object& document);

/// The daemon's list, and the cursor at which its changes continue.
struct DaemonList {
  std::vector<InstancePtr> instances;  ///< By key.
  std::vector<StaleEngine> stale;
  std::string cursor;
};

/// The stream of a daemon's changes.
class DaemonEvents {
 public:
  explicit DaemonEvents(HttpResponsePtr response) : response_(std::move(response)) {}

  /// The next events, at least one; none at the end of the stream. Skips comments.
  ///
  /// Errors: unavailable, mute when not even a heartbeat comes; protocol.
  [[nodiscard]] Task<std::vector<StreamEvent>> next();

 private:
  HttpResponsePtr response_;
  EventStreamReader reader_;
};

/// Threads: one executor.
class DaemonClient {
 public:
  /// Errors: invalid_config, for a URL, token file or authority that cannot be used.
  static Result<DaemonClient> make(const DaemonAddress& options);

  [[nodiscard]] Task<DaemonList> list();

  /// The daemon's status and that of its engines.
  [[nodiscard]] Task<boost::json::value> status();

  /// Changes after the cursor. Errors: desynced, if the daemon cannot go on from there.
  [[nodiscard]] Task<std::unique_ptr<DaemonEvents>> events(std::string since);

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] bool local() const noexcept { return local_; }

 private:
  DaemonClient(Endpoint endpoint, std::string token);

  [[nodiscard]] Task<HttpResponsePtr> ask(std::string target, std::string accept,
                                          HttpDeadlines deadlines);
  [[nodiscard]] Task<boost::json::value> document(std::string target);

  HttpClient http_;
  std::string url_;
  std::string token_;
  bool local_;
};

}  // namespace rollcall::cli
