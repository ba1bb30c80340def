// The daemon beside an Incus server that gives ordinary users a restricted socket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

#include "support/incus_server.hpp"
#include "support/process.hpp"

namespace rollcall::support {

/// `incus-user` in the sandbox of a server, and a user who may use its socket but not the server's.
class IncusUsers {
 public:
  /// Waits until it listens. Throws, with its output, if it does not.
  explicit IncusUsers(const IncusServer& server);
  IncusUsers(const IncusUsers&) = delete;
  IncusUsers& operator=(const IncusUsers&) = delete;
  ~IncusUsers() = default;

  /// Runs the action in a thread that belongs to the user, as do the threads that it starts. Passes
  /// on what it throws.
  void as_user(const std::function<void()>& action) const;

  /// The user's own project, made when the user first connects.
  [[nodiscard]] const std::string& project() const noexcept { return project_; }
  [[nodiscard]] std::string log() const { return log_.text(); }

 private:
  std::string project_;
  gid_t group_ = 0;
  Capture log_;
  std::optional<Process> daemon_;
};

}  // namespace rollcall::support
