// The requests to a Docker engine, GET only: /_ping, /events, /containers/json, /containers/ID/json
// and /info (Docker Engine API 1.24 and later).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/docker_api/address.hpp"
#include "backends/docker_api/requests.hpp"
#include "core/async/env.hpp"
#include "core/async/turns.hpp"
#include "transport/http/wire.hpp"

namespace rollcall::docker_api {

/// What the headers of `/_ping` say about the engine.
struct EngineHello {
  std::string_view product;    ///< "Docker" or "Podman".
  std::string version;         ///< Of the engine.
  std::string api_version;     ///< The newest that it offers; empty if it does not say.
  std::string libpod_version;  ///< Of the libpod API; empty if there is none.
  Duration clock_ahead{};      ///< How far its clock is ahead of ours.
  Timestamp date{};            ///< Its clock, in whole seconds, rounded down.
};

/// How an engine has answered a request for containers.
struct ListOutcome {
  bool refused = false;  ///< It is not allowed.
  /// Status 500: it fails over a container, perhaps a single one.
  std::optional<RuntimeError> trouble{};
};

/// Speaks to one engine. Through ssh, where each connection is a process and a login, one request
/// waits for another, but for that of events and for the ping.
class Api {
 public:
  Api(Address address, EnvPtr env, Wire wire, RequestRules rules = {});

  /// Asks the unversioned `/_ping`. All later requests use the API version of the rules, else the
  /// newest that the engine offers.
  ///
  /// Errors: those of connecting; denied; not_this_api, also if the engine does not know the
  /// version of the rules yet.
  [[nodiscard]] Task<EngineHello> hello();

  /// Checks that the engine answers, on a new connection, within 10 s in all.
  [[nodiscard]] Task<void> ping();

  /// Opens the stream of events from `since` on. Returns null if the engine, or a proxy before it,
  /// refuses events.
  [[nodiscard]] Task<HttpResponsePtr> events(Timestamp since, std::string_view filters);

  /// Calls `sink` with each item of the list of containers. The 64 bytes after an item may be read.
  ///
  /// `ids`: only these; empty: all. `stopped`: also those that do not run. A refusal is an error.
  using Sink = std::function<Result<void>(std::string_view item)>;
  [[nodiscard]] Task<ListOutcome> containers(std::vector<std::string> ids, bool stopped, Sink sink);

  /// The same of Podman's own list, whose items are others.
  [[nodiscard]] Task<ListOutcome> libpod_containers(std::vector<std::string> ids, Sink sink);

  /// Inspects a container and returns the answer; nullopt if it does not exist, cannot be inspected
  /// at the moment, or may not be.
  [[nodiscard]] Task<std::optional<std::string>> inspect(std::string id);

  /// The identity of the engine: Docker's installation ID; Podman's host and data folder. Empty if
  /// it is refused or not in the answer. Takes at most 10 s in all.
  [[nodiscard]] Task<std::string> identity(bool podman);

  /// Waits until the engine has stored everything that it has signalled of a container: unlike the
  /// list, an inspect takes the container's lock. Returns false if inspecting is not allowed.
  [[nodiscard]] Task<bool> settle(std::string id);

  /// Closes idle connections until the next request: an open one counts as use of the engine.
  void rest() { client_.close_idle(); }

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] const ListLimits& limits() const noexcept { return wire_.limits; }

 private:
  [[nodiscard]] Task<HttpResponsePtr> get(HttpClient& client, std::string target,
                                          HttpDeadlines deadlines);
  [[nodiscard]] Task<void> ask_ping(Milliseconds deadline);
  [[nodiscard]] Task<std::string> ask_identity(bool podman);
  [[nodiscard]] RuntimeError late(Milliseconds deadline) const;
  [[nodiscard]] std::string versioned(std::string_view path) const;
  [[nodiscard]] boost::asio::awaitable<Turns::Turn> turn();
  [[nodiscard]] Task<void> each_item(HttpResponsePtr response, Sink sink);
  [[nodiscard]] Task<ListOutcome> read_list(HttpResponsePtr response, Sink sink);
  [[nodiscard]] Task<void> check(HttpResponse& response, std::string what);

  std::string url_;
  std::string host_;
  std::string path_;  // Prefix of the paths of all requests.
  EnvPtr env_;
  Wire wire_;
  HttpClient client_;
  HttpDeadlines deadlines_;
  RequestRules rules_;
  std::string prefix_;
  std::string libpod_prefix_;
  bool in_turns_;
  std::optional<Turns> turns_;
};

/// Whether one version of the API, "1.41", is newer than another.
bool newer_api(std::string_view version, std::string_view than);

/// The oldest supported version.
inline constexpr std::string_view oldest_version = "1.24";

/// Whether the text is a version, and not older than that.
bool speaks_version(std::string_view version);

/// Parses the date of an HTTP header, "Sat, 21 Nov 2026 21:42:30 GMT"; nullopt if it is none.
std::optional<Timestamp> parse_http_date(std::string_view text);

/// Reads the headers of `/_ping`, received at `now`. Returns nullopt if this is not a Docker-like
/// engine.
std::optional<EngineHello> read_hello(std::string_view server, std::string_view api_version,
                                      std::string_view libpod_version, std::string_view date,
                                      Timestamp now);

/// The part of /info that identifies the engine; empty if it is not there.
std::string identity_of_docker(std::string_view info);
std::string identity_of_podman(std::string_view libpod_info);

}  // namespace rollcall::docker_api
