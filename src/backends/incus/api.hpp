// The requests that Rollcall makes of an Incus or LXD server: GET alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/incus/server.hpp"
#include "transport/endpoint.hpp"
#include "transport/json_splitter.hpp"
#include "transport/websocket.hpp"
#include "transport/wire.hpp"

namespace rollcall::incus {

/// Speaks to one server. A `project` that is empty means all that there are.
class Api {
 public:
  Api(const Endpoint& endpoint, Wire wire);

  /// Who answers.
  ///
  /// Errors: those of connecting; denied, if it does not trust us; not this API.
  [[nodiscard]] Task<Server> hello();

  /// Whether the server answers, on a connection of its own.
  [[nodiscard]] Task<void> ping();

  /// Whether the project is there and may be read. Errors: denied, with the remedy.
  [[nodiscard]] Task<void> check_project(std::string project);

  /// The projects that may be read.
  [[nodiscard]] Task<std::vector<std::string>> projects();

  /// Whether all projects may be asked for at once.
  [[nodiscard]] Task<bool> allows_all_projects();

  /// Opens the stream of lifecycle events; null if it is refused.
  [[nodiscard]] Task<WebSocketPtr> events(std::string project);

  /// Calls `sink` with each instance; 64 bytes after an item may be read.
  using Sink = JsonSplitter::Sink;
  [[nodiscard]] Task<void> instances(std::string project, Sink sink);

  /// The same of one. False if there is none of that name.
  [[nodiscard]] Task<bool> instance(std::string project, std::string name, Sink sink);

  /// The state of one. False if it is not told, or not in time.
  [[nodiscard]] Task<bool> state(std::string project, std::string name, Sink sink);

  /// The forwards of a network. None, if it cannot have any or they may not be read.
  [[nodiscard]] Task<void> forwards(std::string project, std::string network, Sink sink);

  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  /// What came of a request. Of 200, all items went to the sink.
  struct Outcome {
    unsigned status = 0;
    std::string error;  ///< The server's own words.
  };
  [[nodiscard]] Task<Outcome> fetch(std::string target, HttpDeadlines deadlines, Sink sink);
  [[nodiscard]] Task<Outcome> read_items(HttpResponsePtr response, Sink sink);
  [[nodiscard]] Task<std::string> small_answer(std::string target, HttpDeadlines deadlines,
                                               std::string what);

  [[nodiscard]] RuntimeError refusal(const Outcome& outcome, std::string_view what) const;
  [[nodiscard]] RuntimeError refused_project(const Outcome& outcome,
                                             const std::string& project) const;

  std::string url_;
  std::string host_;
  Wire wire_;
  HttpClient client_;
  HttpDeadlines deadlines_;
};

}  // namespace rollcall::incus
