#include "backends/kubernetes/runtime.hpp"

#include <array>

#include <rollcall/options/kubernetes.hpp>

#include "backends/kubernetes/driver.hpp"
#include "backends/kubernetes/places.hpp"

namespace rollcall::kubernetes {
namespace {

using option::Field;

constexpr std::array options = {
    RuntimeOption{
        .key = "kubernetes.kubeconfig",
        .flag = "--kubeconfig",
        .value = "FILE",
        .summary = "This kubeconfig and no other",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<KubernetesOptions>().kubeconfig; },
        .is_file = true},
    RuntimeOption{
        .key = "kubernetes.context",
        .flag = "--context",
        .value = "NAME",
        .summary = "This context of the kubeconfig",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<KubernetesOptions>().context; }},
    RuntimeOption{
        .key = "kubernetes.namespaces",
        .flag = "--namespace",
        .value = "NAME",
        .summary = "Pods of this namespace; repeatable",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<KubernetesOptions>().namespaces; }},
    RuntimeOption{.key = "kubernetes.node",
                  .flag = "--node",
                  .value = "NAME",
                  .summary = "Pods of this node",
                  .at = [](RuntimeOptions& o) -> Field { return &o.of<KubernetesOptions>().node; }},
    RuntimeOption{
        .key = "kubernetes.selector",
        .flag = "--selector",
        .value = "SELECTOR",
        .summary = "Pods with these labels, such as app=web,tier!=cache",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<KubernetesOptions>().selector; }},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::kubernetes,
               .word = "kubernetes",
               .other_words = {"k8s"},
               .named_by_options = true,
               .options_title = "Of Kubernetes",
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
    .meant = &in_cluster,
};

}  // namespace rollcall::kubernetes
