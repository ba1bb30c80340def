// Who started a process: another runtime, or nobody that Rollcall knows. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/config.hpp>

namespace rollcall::host {

struct Owner {
  /// The runtime that lists what the process belongs to; nothing if none does.
  std::optional<RuntimeBackendKind> runtime{};
  /// A service of a user's manager, which systemd lists only if it is asked for.
  bool of_user_manager = false;
  /// What the process is part of: "ssh.service", "docker/4f5e6a7b8c9d", "session-3.scope"; empty if
  /// nothing tells.
  std::string group{};

  friend bool operator==(const Owner&, const Owner&) = default;
};

/// By the paths of a process's control groups ("/system.slice/ssh.service"). Of nested owners the
/// outermost counts; a container beats a service.
Owner owner_by_cgroup(std::span<const std::string> paths);

/// By what the process is, for helpers that listen for a container and run beside it: docker-proxy,
/// rootlessport, conmon and the like. `program` is the base name of its executable.
std::optional<Owner> owner_by_program(std::string_view program,
                                      std::span<const std::string> arguments);

}  // namespace rollcall::host
