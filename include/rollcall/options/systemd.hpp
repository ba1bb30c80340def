// The options of systemd.
#pragma once

#include <string>
#include <vector>

namespace rollcall {

struct SystemdOptions {
  /// The manager of the user, not of the system.
  bool user_manager = false;
  /// All units of the chosen types, not only those that listen or opted in.
  bool all_units = false;
  /// Types of units besides services: "socket", "timer", "scope".
  std::vector<std::string> unit_types{};

  friend bool operator==(const SystemdOptions&, const SystemdOptions&) = default;
};

}  // namespace rollcall
