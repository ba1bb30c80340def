// Sockets that listen, and child processes that hold them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

#include "support/process.hpp"

namespace rollcall::support {

struct ListenOptions {
  bool udp = false;
  bool only_v6 = false;
  bool reuse_port = false;
  std::uint16_t port = 0;  ///< 0: any free port.
};

/// A socket at a numeric address, listening (TCP) or bound (UDP). Throws if it cannot be.
Fd listen_at(const std::string& address, ListenOptions options = {});

/// The port that the socket is bound to.
std::uint16_t port_of(const Fd& socket);

/// The inode by which /proc lists the socket.
std::uint64_t inode_of(const Fd& socket);

/// A forked copy of this process with its open descriptors, killed when the object is destroyed.
class Forked {
 public:
  /// Runs `setup` in the copy and waits for it. said() is its result; throws if it throws.
  explicit Forked(const std::function<std::string()>& setup);
  ~Forked();
  Forked(const Forked&) = delete;
  Forked& operator=(const Forked&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const std::string& said() const noexcept { return said_; }

 private:
  void end() const;

  pid_t pid_ = -1;
  std::string said_;
};

/// Gives up all privilege: becomes the user `nobody`. Only in a Forked. Throws if it cannot.
void become_nobody();

}  // namespace rollcall::support
