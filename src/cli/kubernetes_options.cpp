#include "cli/kubernetes_options.hpp"

#include "cli/cli11.hpp"

namespace rollcall::cli {

bool KubernetesOptions::any() const noexcept {
  return !kubeconfig.empty() || !context.empty() || !namespaces.empty() || !node.empty() ||
         !selector.empty();
}

void KubernetesOptions::apply(BackendOptions& options) const {
  options.kubeconfig = kubeconfig;
  options.kube_context = context;
  options.namespaces = namespaces;
  options.node = node;
  options.label_selector = selector;
}

void add_kubernetes_options(CLI::App& app, KubernetesOptions& words) {
  app.option_defaults()->group("Of Kubernetes");
  add_text(app, "--kubeconfig", words.kubeconfig, "FILE", "This kubeconfig and no other");
  add_text(app, "--context", words.context, "NAME", "This context of the kubeconfig");
  add_repeated(app, "--namespace", words.namespaces, "NAME", "Pods of this namespace; repeatable");
  add_text(app, "--node", words.node, "NAME", "Pods of this node");
  add_text(app, "--selector", words.selector, "SELECTOR",
           "Pods with these labels, such as app=web,tier!=cache");
}

}  // namespace rollcall::cli
