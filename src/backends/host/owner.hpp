// Finds the runtime that started a process, if any. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>

namespace rollcall::host {

struct Owner {
  /// The runtime that lists the process; nullopt if none does.
  std::optional<RuntimeBackendKind> runtime{};
  /// It is a service of a user's manager, which the systemd backend lists only on request.
  bool of_user_manager = false;
  /// The unit, container or session of the process: "ssh.service", "docker/4f5e6a7b8c9d",
  /// "session-3.scope"; empty if it is not known.
  std::string group{};

  friend bool operator==(const Owner&, const Owner&) = default;
};

/// Finds the owner by the paths of a process's control groups ("/system.slice/ssh.service"). Of
/// nested owners the outermost wins; a container wins over a service.
Owner owner_by_cgroup(std::span<const std::string> paths);

/// Finds the owner by the program, for helpers that listen on behalf of a container and run beside
/// it: docker-proxy, rootlessport, conmon and the like. `program` is the base name of its
/// executable.
std::optional<Owner> owner_by_program(std::string_view program,
                                      std::span<const std::string> arguments);

}  // namespace rollcall::host
