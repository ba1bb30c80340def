// A unit in the manager's words: plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::systemd {

/// One row of ListUnits.
struct UnitRow {
  std::string name;  ///< "web.service"
  std::string description;
  std::string load_state;    ///< "loaded", "not-found", "masked", …
  std::string active_state;  ///< "active", "activating", "failed", …
  std::string sub_state;     ///< "running", "auto-restart", …
  std::string path;          ///< Its object on the bus.
  std::string job_type;      ///< Of its waiting or running job; empty: none.
};

/// A socket that a socket unit listens on: "Stream", "127.0.0.1:8080".
struct ListenEntry {
  std::string type;
  std::string address;

  friend bool operator==(const ListenEntry&, const ListenEntry&) = default;
};

/// The properties of a unit besides its row, from Gets and signals, whichever came last. Absent:
/// not known.
struct UnitProperties {
  // For every unit.
  std::optional<std::string> active_state;
  std::optional<std::string> sub_state;
  std::optional<bool> has_job;
  std::optional<std::string> invocation;      ///< In hexadecimal.
  std::optional<std::uint64_t> active_since;  ///< Microseconds of the wall clock; 0: never.
  std::optional<std::string> fragment_path;
  std::optional<std::vector<std::string>> drop_in_paths;
  std::optional<bool> needs_reload;
  std::optional<std::string> freezer_state;
  std::optional<std::vector<std::string>> triggers;
  // For services, sockets and scopes.
  std::optional<std::string> control_group;
  std::optional<std::string> result;
  std::optional<std::uint32_t> main_pid;
  std::optional<std::uint32_t> restarts;
  std::optional<bool> private_network;
  std::optional<std::string> user;                  ///< `User=`; empty: the manager's.
  std::optional<std::vector<std::string>> command;  ///< The arguments of the first `ExecStart=`.
  std::optional<std::vector<ListenEntry>> listen;
  /// What could not be read of it, and why.
  std::map<std::string, std::string, std::less<>> unreadable{};

  friend bool operator==(const UnitProperties&, const UnitProperties&) = default;
};

/// "service" for "web.service".
inline std::string_view type_of(std::string_view unit) {
  const std::size_t dot = unit.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : unit.substr(dot + 1);
}

}  // namespace rollcall::systemd
