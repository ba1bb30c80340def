// The requests that Rollcall makes of a Docker engine, GET alone: /_ping, /events, /containers/json
// and /containers/ID/json (Docker Engine API 1.24 and later).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/task.hpp>

#include "core/env.hpp"
#include "core/turns.hpp"
#include "transport/endpoint.hpp"
#include "transport/wire.hpp"

namespace rollcall::docker_api {

/// What the engine says of itself in the headers of `/_ping`.
struct EngineHello {
  std::string_view product;    ///< "Docker" or "Podman".
  std::string version;         ///< Of the engine.
  std::string api_version;     ///< The newest that it speaks; empty if it does not tell.
  std::string libpod_version;  ///< Of Podman's own API; empty if it has none.
  Duration clock_ahead{};      ///< How far its clock is ahead of ours.
  Timestamp date{};            ///< Its clock, in whole seconds, rounded down.
};

/// Speaks to one engine. Through ssh, where each connection is a process and a login, one request
/// waits for another, but for that of events and for the ping.
class Api {
 public:
  Api(const Endpoint& endpoint, EnvPtr env, Wire wire);

  /// Asks the unversioned `/_ping`, and from then on speaks the version that it offers.
  ///
  /// Errors: those of connecting; denied; not this API.
  [[nodiscard]] Task<EngineHello> hello();

  /// Whether the engine answers, on a connection of its own, within 10 s in all.
  [[nodiscard]] Task<void> ping();

  /// Opens the stream of events from `since` on. Nothing, if the engine (or a proxy before it)
  /// refuses events.
  [[nodiscard]] Task<HttpResponsePtr> events(Timestamp since, std::string_view filters);

  /// Calls `sink` with each item of the list of containers; 64 bytes after an item may be read.
  ///
  /// `ids`: only these; empty: all. `stopped`: also those that do not run.
  using Sink = std::function<Result<void>(std::string_view item)>;
  [[nodiscard]] Task<void> containers(std::vector<std::string> ids, bool stopped, Sink sink);

  /// The same of Podman's own list, whose items are others. False if it is not allowed.
  [[nodiscard]] Task<bool> libpod_containers(std::vector<std::string> ids, Sink sink);

  /// The answer to an inspect of a container. Nothing, if it does not exist, cannot be told just
  /// now, or may not be inspected.
  [[nodiscard]] Task<std::optional<std::string>> inspect(std::string id);

  /// Waits until the engine has stored all that it has signalled of a container: an inspect takes
  /// the container's lock, the list does not. False if inspecting is not allowed.
  [[nodiscard]] Task<bool> settle(std::string id);

  /// Leaves the engine alone until the next request: a kept connection counts as use of it.
  void rest() { client_.close_idle(); }

  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  [[nodiscard]] Task<void> ask_ping(Milliseconds deadline);
  [[nodiscard]] std::string versioned(std::string_view path) const;
  [[nodiscard]] boost::asio::awaitable<Turns::Turn> turn();
  [[nodiscard]] Task<void> each_item(HttpResponsePtr response, Sink sink);
  [[nodiscard]] Task<void> check(HttpResponse& response, std::string what);

  std::string url_;
  std::string host_;
  EnvPtr env_;
  Wire wire_;
  HttpClient client_;
  HttpDeadlines deadlines_;
  std::string prefix_;
  std::string libpod_prefix_;
  bool in_turns_;
  std::optional<Turns> turns_;
};

/// Reads the date of an HTTP header, "Sat, 21 Nov 2026 21:42:30 GMT"; nothing if it is not one.
std::optional<Timestamp> parse_http_date(std::string_view text);

/// What the headers of `/_ping` say, received at `now`. Nothing if this is not a Docker-like
/// engine.
std::optional<EngineHello> read_hello(std::string_view server, std::string_view api_version,
                                      std::string_view libpod_version, std::string_view date,
                                      Timestamp now);

}  // namespace rollcall::docker_api
