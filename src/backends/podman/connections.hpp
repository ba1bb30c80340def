// The engines that the user has named to Podman: `podman system connection add`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::podman {

struct Connection {
  std::string name;
  std::string uri;         ///< As it was written: unix://, tcp:// or ssh://.
  std::string identity{};  ///< The file of the key for ssh; may be empty.
  bool is_default = false;

  friend bool operator==(const Connection&, const Connection&) = default;
};

/// Reads podman-connections.json, where Podman 5 keeps them: the default one first, then by name.
/// Of what is not such a file nothing comes: it is Podman's own, and Podman complains of it.
std::vector<Connection> read_connections_json(std::string_view text);

/// Reads the tables [engine.service_destinations.NAME] of containers.conf, where Podman 4 keeps
/// them, in the same order.
std::vector<Connection> read_containers_conf(std::string_view text);

}  // namespace rollcall::podman
