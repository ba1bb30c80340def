// What a backend is made of: its kind, its endpoint, its options.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/log.hpp>
#include <rollcall/tls.hpp>

namespace rollcall {

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
  /// How often the host is polled, the one runtime that sends no events.
  std::chrono::milliseconds look_period{5000};
  /// For the host: whether another backend of this program already lists the instances of this
  /// runtime, so that they are not shown twice. Called at each poll, on the backend's executor.
  /// Empty: none does.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};
  /// For Podman: poll at this interval instead of keeping the event stream open, which would stop
  /// an idle service from exiting. Zero: keep the stream open.
  std::chrono::milliseconds podman_poll{0};
  /// For Docker and Podman: inspect each container once in its life, and read the few environment
  /// variables that tools treat as labels (docs/labels.md). The rest of its environment is never
  /// kept.
  bool read_env = false;
  /// For systemd: the manager of the user, not of the system.
  bool user_manager = false;
  /// For systemd: all units of the chosen types, not only those that listen or opted in.
  bool all_units = false;
  /// For systemd: types of units besides services: "socket", "timer", "scope".
  std::vector<std::string> unit_types{};
  /// For Incus and LXD: only these projects; empty: all that may be read.
  std::vector<std::string> projects{};
  /// For Kubernetes: this kubeconfig and no other; empty: KUBECONFIG, then the service account of a
  /// pod, then ~/.kube/config.
  std::string kubeconfig{};
  /// For Kubernetes: this context of the kubeconfig; empty: its current one.
  std::string kube_context{};
  /// For Kubernetes: only these namespaces; empty: all.
  std::vector<std::string> namespaces{};
  /// For Kubernetes: only the pods of this node; empty: of all nodes.
  std::string node{};
  /// For Kubernetes: only the pods that this selector of labels matches, "app=web,tier!=cache".
  std::string label_selector{};
  Getenv getenv = process_environment();
  Logger log;
};

}  // namespace rollcall
