// Podman's configuration files, and the connections that they name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <rollcall/config.hpp>

#include "backends/podman/connections.hpp"

namespace rollcall::podman {

/// The joined contents of the files, as far as they can be read.
struct Configuration {
  std::vector<Connection> connections{};  ///< The default first, then by name.
  /// One sentence for each file that is malformed, unreadable, or named and missing. Podman itself
  /// refuses to run in that case.
  std::vector<std::string> faults{};
};

/// Reads these files; later ones override earlier ones: containers.conf of /usr/share, that of
/// /etc, containers.conf.d/*.conf in the order of their names, those of the user, the file of
/// CONTAINERS_CONF_OVERRIDE, and podman-connections.json. CONTAINERS_CONF replaces the files of
/// system and user, PODMAN_CONNECTIONS_CONF that JSON.
///
/// `root`: prefix of the system's folders.
Configuration read_configuration(const BackendOptions& options,
                                 const std::filesystem::path& root = "/");

}  // namespace rollcall::podman
