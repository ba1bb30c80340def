// Who answers: what `GET /1.0` and `GET /1.0/projects` say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::incus {

/// What the server says of itself. To those whom it does not trust it says little.
struct Server {
  std::string_view name = "incus";     ///< `InstanceKey::backend`: "incus" or "lxd".
  std::string_view product = "Incus";  ///< "Incus" or "LXD".
  std::string version;
  std::string api_version;
  bool trusts_us = false;
};

/// Reads the answer to `GET /1.0`; nothing if it is none of this API.
std::optional<Server> read_server(std::string_view body);

/// Reads the answer to `GET /1.0/projects`: their names. Nothing if it is none of this API.
std::optional<std::vector<std::string>> read_projects(std::string_view body);

}  // namespace rollcall::incus
