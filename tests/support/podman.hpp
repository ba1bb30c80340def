// A private, real Podman service.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "support/docker_api.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

namespace rollcall::support {

/// `podman system service` in a sandbox, with its own socket and storage. Does not touch the host's
/// Podman, and leaves nothing behind, whatever happens to the test.
///
/// Containers outlive the service, as Podman's do. Health checks run only on request.
class Podman {
 public:
  struct Options {
    bool start = true;                   ///< At once; else only its folder is made.
    std::chrono::seconds idle_limit{0};  ///< The service ends when idle for so long; zero: never.
  };

  Podman() : Podman(Options{}) {}
  explicit Podman(Options options);
  ~Podman() = default;
  Podman(const Podman&) = delete;
  Podman& operator=(const Podman&) = delete;

  /// Starts it, for the first time or again, and waits until it answers.
  void start();

  void kill9();      ///< Like a crash: the socket file stays.
  void terminate();  ///< Like a stop by the service manager.
  void freeze();     ///< SIGSTOP: the kernel accepts connections, but nothing answers.
  void thaw();       ///< SIGCONT.

  /// Starts a second service of the same storage on another socket; returns its URL. It ends with
  /// the sandbox.
  std::string start_another();

  /// Waits until the service has ended by itself; false at the deadline.
  bool ends(std::chrono::seconds deadline);

  /// Returns the id of the pod's infra container.
  std::string create_pod(std::string_view name, const std::vector<Publication>& ports) const;

  /// Creates and starts a container in a pod; returns its id.
  std::string run_in_pod(std::string_view pod, std::string_view name) const;

  /// Runs a container with ports from `host_port` on, published as one range.
  std::string run_with_range(std::string_view name, std::uint16_t port, std::uint16_t host_port,
                             std::uint16_t size) const;

  /// `podman pod VERB`, such as "stop", and "rm".
  void act_on_pod(std::string_view pod, std::string_view verb) const;
  void remove_pod(std::string_view pod) const;

  /// `podman healthcheck run`.
  void check_health(std::string_view container) const;

  [[nodiscard]] const DockerApi& api() const noexcept { return api_; }
  [[nodiscard]] std::string socket() const;
  [[nodiscard]] std::string endpoint() const { return "unix://" + socket(); }
  [[nodiscard]] std::string log() const { return log_.text(); }

 private:
  void configure() const;
  void launch();
  [[nodiscard]] Process service_at(const std::string& socket) const;
  void import_test_image() const;
  void end_with(int signal);

  Sandbox sandbox_;
  Options options_;
  DockerApi api_;
  Capture log_;
  std::optional<Process> process_;
  std::optional<Process> another_;
};

/// One sentence for each way in which the instances, by id, differ from those in the engine's own
/// API: missing ones, ghosts, other names, states, health, pods or addresses.
std::vector<std::string> podman_differences(const std::map<std::string, InstancePtr>& instances,
                                            const DockerApi& api);

}  // namespace rollcall::support
