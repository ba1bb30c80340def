// The daemon beside an Incus server that gives ordinary users a restricted socket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

#include "support/incus_server.hpp"
#include "support/process.hpp"

namespace rollcall::support {

/// `incus-user` in the room of a server, and one user who may use its socket, but not the server's.
class IncusUsers {
 public:
  /// Waits until it listens. Throws, with what it said, if it does not.
  explicit IncusUsers(const IncusServer& server);
  IncusUsers(const IncusUsers&) = delete;
  IncusUsers& operator=(const IncusUsers&) = delete;
  ~IncusUsers() = default;

  /// Does it in a thread that is the user's, as are those that it starts. What it throws is thrown.
  void as_user(const std::function<void()>& action) const;

  /// The user's own, made when the user comes for the first time.
  [[nodiscard]] const std::string& project() const noexcept { return project_; }
  [[nodiscard]] std::string log() const { return log_.text(); }

 private:
  std::string project_;
  gid_t group_ = 0;
  Capture log_;
  std::optional<Process> daemon_;
};

}  // namespace rollcall::support
