// The options that are of Kubernetes alone.
#pragma once

#include <string>
#include <vector>

#include <rollcall/config.hpp>

namespace CLI {  // CLI11 calls it so. NOLINT(readability-identifier-naming)
class App;
}

namespace rollcall::cli {

struct KubernetesOptions {
  std::string kubeconfig{};
  std::string context{};
  std::vector<std::string> namespaces{};
  std::string node{};
  std::string selector{};

  /// Whether one of them was given, which names Kubernetes.
  [[nodiscard]] bool any() const noexcept;

  void apply(BackendOptions& options) const;

  friend bool operator==(const KubernetesOptions&, const KubernetesOptions&) = default;
};

/// Adds them to a command, bound to `words`.
void add_kubernetes_options(CLI::App& app, KubernetesOptions& words);

}  // namespace rollcall::cli
