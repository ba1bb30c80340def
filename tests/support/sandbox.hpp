// A sandbox for engines: their own processes, mounts and network, all gone when it is closed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace rollcall::support {

/// Namespaces for processes, mounts and network, with a temporary folder that the host sees, too.
///
/// Every process started inside ends with the sandbox: also daemons that left their parent, also
/// when the test is killed. /run and /dev/shm are empty inside, so that nothing there is shared
/// with the host's own engines. Requires root.
///
/// Programs started inside are this system's, or with ROLLCALL_ENGINE_ROOT in the environment those
/// of the system in that folder, whose files are not changed.
class Sandbox {
 public:
  /// Removes what an earlier, killed test has left, then opens a sandbox. Throws with a sentence if
  /// it cannot.
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// A short path: sockets inside stay below the 107 bytes that the kernel allows.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  /// The name of the control group below which everything inside must run.
  [[nodiscard]] std::string cgroup() const;

  /// Starts a program inside. It is a child of the test.
  [[nodiscard]] Process spawn(const std::vector<std::string>& command, Streams streams = {}) const;

  /// Moves the calling thread to the sandbox's network namespace.
  void join_network() const;

  /// Runs a program inside; throws if it fails.
  void run(const std::vector<std::string>& command) const;

 private:
  void open();
  void enter() const;

  std::string folder_;
  Fd lock_;
  Fd keep_alive_;  // when it is closed, the first process ends, and all others with it
  std::optional<Process> first_;
};

/// Removes what is left of sandboxes whose test was killed. Those in use are left alone.
void remove_abandoned_sandboxes();

}  // namespace rollcall::support
