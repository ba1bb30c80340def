// A private, real systemd manager.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/process.hpp"
#include "support/sandbox.hpp"

namespace rollcall::support {

/// `systemd --user`, or systemd as the first process of its own namespaces, in a sandbox with its
/// own bus. Does not touch the host's manager, and leaves nothing behind, whatever happens to the
/// test.
class SystemdManager {
 public:
  enum class Kind : std::uint8_t { user, system };

  explicit SystemdManager(Kind kind = Kind::user);
  ~SystemdManager() = default;
  SystemdManager(const SystemdManager&) = delete;
  SystemdManager& operator=(const SystemdManager&) = delete;

  void start();  ///< For the first time or again.
  void kill9();  ///< Like a crash: the services stay.

  /// Stops only the bus; the manager and its services keep running.
  void stop_bus();
  void start_bus();
  void kill_bus();  ///< Like a crash; the manager restarts it by itself.

  [[nodiscard]] std::string bus() const;
  [[nodiscard]] std::string endpoint() const { return "unix://" + bus(); }

  /// Writes a unit file, or a drop-in ("web.service.d/a.conf"). Does not load it.
  void write_unit(const std::string& name, const std::string& text) const;
  void remove_unit(const std::string& name) const;

  /// Runs systemctl in the sandbox and returns its output. Throws if it fails.
  std::string systemctl(std::vector<std::string> words) const;

  /// "web.service active running" of each loaded service that systemctl calls active, activating or
  /// reloading.
  [[nodiscard]] std::vector<std::string> running_services() const;

  /// Whether a process of the service has this command name.
  [[nodiscard]] bool runs_as(const std::string& unit, const std::string& command) const;

  /// Moves the calling thread to the network namespace of the services.
  void join_network() const { sandbox_.join_network(); }

  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }

 private:
  [[nodiscard]] Output run_systemctl(std::vector<std::string> words) const;
  [[nodiscard]] bool answers() const;
  /// The manager's pid in the test's namespace.
  [[nodiscard]] pid_t pid() const;

  Sandbox sandbox_;
  Kind kind_;
  Capture log_;
  std::optional<Process> process_;
};

}  // namespace rollcall::support
