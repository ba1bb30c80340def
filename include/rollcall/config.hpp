// What a backend is made of: its kind, its endpoint, its options.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <rollcall/log.hpp>
#include <rollcall/runtime_options.hpp>
#include <rollcall/tls.hpp>

namespace rollcall {

/// The runtimes of this library. A program that adds one may give it any other value.
enum class RuntimeBackendKind : std::uint8_t {
  automatic,
  docker,
  podman,
  systemd,
  incus,
  kubernetes,
  host,
};

/// Case-blind: auto | docker | podman | systemd | incus, lxc, lxd | kubernetes, k8s | host; else
/// nothing.
std::optional<RuntimeBackendKind> parse_kind(std::string_view text) noexcept;

/// auto, docker, podman, systemd, incus, kubernetes, host.
std::string_view to_string(RuntimeBackendKind kind) noexcept;

/// Where a backend reads environment variables; a seam for tests and for programs that have their
/// own.
using Getenv = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
Getenv process_environment();

struct BackendOptions {
  /// The engine's URL, "unix:///run/docker.sock", "tcp://host:2375", "https://host:2376" or
  /// "ssh://user@host"; of Docker also "context:NAME"; empty: the runtime's own rules.
  std::string endpoint;
  /// TLS settings for an https:// URL, wherever the URL came from; an error with tcp://. Absent:
  /// the runtime's own rules (Docker: DOCKER_TLS_VERIFY and DOCKER_CERT_PATH).
  std::optional<TlsOptions> tls{};
  /// What `InstanceKey::endpoint` says instead of the URL; empty: the URL.
  std::string alias;
  /// Lists include instances that are not running; watches never do.
  bool include_stopped = false;
  /// For the host: whether another backend of this program already lists the instances of this
  /// runtime, so that they are not shown twice. Called at each poll, on the backend's executor.
  /// Empty: none does.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};
  /// The options of each runtime, rollcall/options/.
  RuntimeOptions runtime_options{};
  Getenv getenv = process_environment();
  Logger log;

  /// Short for `runtime_options.of<Options>()`.
  template <class Options>
  [[nodiscard]] Options& of() {
    return runtime_options.of<Options>();
  }
  template <class Options>
  [[nodiscard]] const Options& of() const {
    return runtime_options.of<Options>();
  }
};

}  // namespace rollcall
