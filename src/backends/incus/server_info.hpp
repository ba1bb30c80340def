// Reads the answers to `GET /1.0` and `GET /1.0/projects`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::incus {

/// The server's description of itself. An untrusted client is told little.
struct ServerInfo {
  std::string_view name = "incus";     ///< `InstanceKey::backend`: "incus" or "lxd".
  std::string_view product = "Incus";  ///< "Incus" or "LXD".
  std::string version;
  std::string api_version;
  bool trusts_us = false;
};

/// Reads the answer to `GET /1.0`; nullopt if it is not from this API.
std::optional<ServerInfo> read_server(std::string_view body);

/// Reads the names in the answer to `GET /1.0/projects`; nullopt if it is not from this API.
std::optional<std::vector<std::string>> read_projects(std::string_view body);

/// An instance by its URL.
struct InstanceName {
  std::string project;
  std::string name;

  friend bool operator==(const InstanceName&, const InstanceName&) = default;
};

/// Reads the answer to `GET /1.0/instances` without recursion. Nothing if it is none of this API.
std::optional<std::vector<InstanceName>> read_instance_names(std::string_view body);

}  // namespace rollcall::incus
