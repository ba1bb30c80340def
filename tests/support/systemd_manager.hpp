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

/// `systemd --user`, or systemd as the first process of its own namespaces, in a room of its own,
/// with its own bus. Knows nothing of the host's, and leaves nothing behind, whatever happens to
/// the test.
class SystemdManager {
 public:
  enum class Kind : std::uint8_t { user, system };

  explicit SystemdManager(Kind kind = Kind::user);
  ~SystemdManager() = default;
  SystemdManager(const SystemdManager&) = delete;
  SystemdManager& operator=(const SystemdManager&) = delete;

  void start();  ///< Also after its end.
  void kill9();  ///< As a crash: the services stay.

  /// The bus alone, while the manager and its services go on.
  void stop_bus();
  void start_bus();
  void kill_bus();  ///< As a crash; the manager starts it again by itself.

  [[nodiscard]] std::string bus() const;
  [[nodiscard]] std::string endpoint() const { return "unix://" + bus(); }

  /// Writes a unit file, or a drop-in ("web.service.d/a.conf"). Does not load it.
  void write_unit(const std::string& name, const std::string& text) const;
  void remove_unit(const std::string& name) const;

  /// Runs systemctl in the room; what it wrote. Throws if it fails.
  std::string systemctl(std::vector<std::string> words) const;

  /// "web.service active running" of each loaded service that systemctl calls active, activating or
  /// reloading.
  [[nodiscard]] std::vector<std::string> running_services() const;

  /// Whether a process of the service is called that.
  [[nodiscard]] bool runs_as(const std::string& unit, const std::string& command) const;

  /// Joins the network that its services are in, for the calling thread.
  void join_network() const { sandbox_.join_network(); }

  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }

 private:
  [[nodiscard]] Output run_systemctl(std::vector<std::string> words) const;
  [[nodiscard]] bool answers() const;
  /// Of the manager, as this test sees it.
  [[nodiscard]] pid_t pid() const;

  Sandbox sandbox_;
  Kind kind_;
  Capture log_;
  std::optional<Process> process_;
};

}  // namespace rollcall::support
