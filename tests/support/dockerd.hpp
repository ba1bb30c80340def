// A private, real Docker Engine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/certificates.hpp"
#include "support/docker_api.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

namespace rollcall::support {

/// TLS on a port of the sandbox's loopback, with client certificates.
struct DockerdTls {
  Identity identity{};             ///< The server's certificate.
  std::string client_authority{};  ///< PEM of the authority whose client certificates it accepts.
};

struct DockerdOptions {
  bool live_restore = false;           ///< Containers outlive the engine.
  bool start = true;                   ///< At once; else only its folder is made.
  std::optional<DockerdTls> tls = {};  ///< Besides the socket.
};

/// dockerd in a sandbox, with its own socket and data. Does not touch the host's engine, and leaves
/// nothing behind, whatever happens to the test.
class Dockerd {
 public:
  explicit Dockerd(DockerdOptions options = {});
  ~Dockerd() = default;
  Dockerd(const Dockerd&) = delete;
  Dockerd& operator=(const Dockerd&) = delete;

  /// Starts it, for the first time or again, and waits until it answers.
  void start();

  void kill9();      ///< Like a crash: the socket file and, for now, the containers stay.
  void terminate();  ///< Like a stop by the service manager.
  void freeze();     ///< SIGSTOP: the kernel accepts connections, but nothing answers.
  void thaw();       ///< SIGCONT.

  /// Sets the certificate that it shows after the next start.
  void renew(Identity identity) { options_.tls->identity = std::move(identity); }

  /// Ends processes behind the engine's back, by the pids that the engine reports (a container's
  /// State.Pid).
  void kill_processes(const std::vector<std::string>& pids) const;

  [[nodiscard]] const DockerApi& api() const noexcept { return api_; }
  [[nodiscard]] std::string socket() const;
  [[nodiscard]] std::string endpoint() const { return "unix://" + socket(); }
  [[nodiscard]] std::uint16_t tls_port() const noexcept { return 2376; }
  [[nodiscard]] const Sandbox& room() const noexcept { return sandbox_; }
  [[nodiscard]] std::string log() const;  ///< Its output so far.

 private:
  void launch();
  [[nodiscard]] std::vector<std::string> tls_arguments() const;
  void import_test_image() const;
  void end_with(int signal);

  Sandbox sandbox_;
  DockerdOptions options_;
  DockerApi api_;
  Capture log_;
  std::optional<Process> process_;
};

}  // namespace rollcall::support
