// The requests to an Incus or LXD server, GET only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/incus/server_info.hpp"
#include "transport/endpoint.hpp"
#include "transport/http/websocket.hpp"
#include "transport/http/wire.hpp"
#include "transport/splitters/json_splitter.hpp"

namespace rollcall::incus {

/// Speaks to one server. An empty `project` stands for all projects.
class Api {
 public:
  Api(const Endpoint& endpoint, Wire wire);

  /// Asks the server what it is.
  ///
  /// Errors: those of connecting; denied, if it does not trust us; not this API.
  [[nodiscard]] Task<ServerInfo> hello();

  /// Checks that the server answers, on a new connection.
  [[nodiscard]] Task<void> ping();

  /// Checks that the project exists and may be read. Errors: denied, with the remedy.
  [[nodiscard]] Task<void> check_project(std::string project);

  /// The projects that may be read.
  [[nodiscard]] Task<std::vector<std::string>> projects();

  /// Whether one request may list all projects.
  [[nodiscard]] Task<bool> allows_all_projects();

  /// Opens the stream of lifecycle events; null if it is refused.
  [[nodiscard]] Task<WebSocketPtr> events(std::string project);

  /// Calls `sink` with each instance; 64 bytes after an item may be read. Nothing, if it has told
  /// them; else what it says instead: it fails over an instance, perhaps a single one.
  using Sink = JsonSplitter::Sink;
  [[nodiscard]] Task<std::optional<RuntimeError>> instances(std::string project, Sink sink);

  /// The names of all instances, for which the server looks at none. Nothing, if it fails.
  [[nodiscard]] Task<std::optional<std::vector<InstanceName>>> instance_names(std::string project);

  /// What came of a request for one thing among many.
  struct Answer {
    bool found = true;                     ///< There is one of that name.
    std::optional<std::string> trouble{};  ///< It is not told; how the server fails over it.
  };
  /// One instance.
  [[nodiscard]] Task<Answer> instance(std::string project, std::string name, Sink sink);

  /// Reads the state of one instance. Returns false if the server does not tell it, or not in time.
  [[nodiscard]] Task<bool> state(std::string project, std::string name, Sink sink);

  /// The forwards of a network. None, if it cannot have any or they may not be read.
  [[nodiscard]] Task<Answer> forwards(std::string project, std::string network, Sink sink);

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] const ListLimits& limits() const noexcept { return wire_.limits; }

 private:
  /// The result of a request. With status 200, the sink has received all items.
  struct Outcome {
    unsigned status = 0;
    std::string error;  ///< The server's own words.
  };
  [[nodiscard]] Task<Outcome> fetch_list(std::string target, Sink sink);
  [[nodiscard]] Task<Outcome> fetch_object(std::string target, HttpDeadlines deadlines, Sink sink);
  [[nodiscard]] Task<Answer> only_of_this(RuntimeError error);
  [[nodiscard]] Task<Outcome> read_items(HttpResponsePtr response, Sink sink);
  [[nodiscard]] std::unexpected<RuntimeError> here(RuntimeError error) const;
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
