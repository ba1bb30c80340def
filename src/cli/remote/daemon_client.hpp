// A daemon elsewhere, asked through its HTTP API: for `--server`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/task.hpp>

#include "cli/options.hpp"
#include "cli/remote/event_stream.hpp"
#include "transport/http_client.hpp"

namespace rollcall::cli {

/// An engine that the daemon cannot watch for now.
struct StaleEngine {
  std::string backend;
  std::string reason;
};

/// What the daemon lists, and from where its changes go on.
struct DaemonList {
  std::vector<InstancePtr> instances;  ///< By key.
  std::vector<StaleEngine> stale;
  std::string cursor;
};

/// The changes of a daemon, as they come.
class DaemonEvents {
 public:
  explicit DaemonEvents(HttpResponsePtr response) : response_(std::move(response)) {}

  /// The next events, at least one; none at the end of the stream. Comments are waited over.
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

  /// What the daemon says of itself and of its engines.
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
