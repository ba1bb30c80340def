// The engines that the user has named with `podman system connection add`. Pure.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::podman {

struct Connection {
  std::string name;
  std::string uri;         ///< As written: unix://, tcp:// or ssh://.
  std::string identity{};  ///< The private key file for ssh; may be empty.
  bool is_default = false;

  friend bool operator==(const Connection&, const Connection&) = default;
};

/// The target of a connection.
struct Destination {
  std::string uri;
  std::string identity{};

  friend bool operator==(const Destination&, const Destination&) = default;
};

/// The contents of one file.
struct Destinations {
  std::map<std::string, Destination> by_name{};
  std::optional<std::string> default_name{};  ///< Absent: not set in this file.

  /// Merges another file, which takes precedence.
  void add(Destinations other);

  friend bool operator==(const Destinations&, const Destinations&) = default;
};

/// Parses podman-connections.json, where Podman 5 stores connections.
///
/// Errors: one sentence.
std::expected<Destinations, std::string> read_connections_json(std::string_view text);

/// Parses the tables [engine.service_destinations.NAME] of a containers.conf, and active_service.
///
/// Errors: one sentence, with the line number.
std::expected<Destinations, std::string> read_containers_conf(std::string_view toml);

/// All connections that Podman knows, the default first, then by name. `own` is
/// podman-connections.json; it overrides `configured`, except that it may leave the default to
/// those.
std::vector<Connection> joined(const Destinations& configured, const Destinations& own);

}  // namespace rollcall::podman
