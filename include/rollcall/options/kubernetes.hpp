// The options of Kubernetes.
#pragma once

#include <string>
#include <vector>

namespace rollcall {

struct KubernetesOptions {
  /// This kubeconfig and no other; empty: KUBECONFIG, then the service account of a pod, then
  /// ~/.kube/config.
  std::string kubeconfig{};
  /// This context of the kubeconfig; empty: its current one.
  std::string context{};
  /// Only these namespaces; empty: all.
  std::vector<std::string> namespaces{};
  /// Only the pods of this node; empty: of all nodes.
  std::string node{};
  /// Only the pods that this label selector matches, such as "app=web,tier!=cache"; empty: all.
  std::string selector{};

  friend bool operator==(const KubernetesOptions&, const KubernetesOptions&) = default;
};

}  // namespace rollcall
