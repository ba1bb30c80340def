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
  /// How TLS is spoken, whoever has named an https:// URL; with tcp:// an error. Absent: the
  /// runtime's own rules, of Docker DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.
  std::optional<TlsOptions> tls{};
  /// What `InstanceKey::endpoint` says instead of the URL; empty: the URL.
  std::string alias;
  /// Lists hold what does not run, too. Watches never do.
  bool include_stopped = false;
  /// How often a runtime that tells nothing by itself is looked at: the host.
  std::chrono::milliseconds look_period{5000};
  /// For the host: whether another backend of this program lists what a runtime of this kind runs,
  /// so that it is not shown twice. Asked at each look, on the backend's executor. Empty: no other
  /// does.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};
  /// For Podman: list this often instead of holding its stream of events, which keeps a service
  /// awake that would end when it is idle. Zero: the stream is held.
  std::chrono::milliseconds podman_poll{0};
  /// For Docker and Podman: the few variables of a container's environment that tools take for
  /// labels (docs/labels.md) are read, by an inspect of each container once in its life. The rest
  /// of its environment is never kept.
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
  /// For Kubernetes: only the pods of this node; empty: of all.
  std::string node{};
  /// For Kubernetes: only the pods that this selector of labels matches, "app=web,tier!=cache".
  std::string label_selector{};
  Getenv getenv = process_environment();
  Logger log;
};

}  // namespace rollcall
