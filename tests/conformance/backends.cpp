// The backends that the suite runs on, one line each.
#include "conformance/backend_under_test.hpp"

namespace rollcall::conformance {

const std::vector<BackendCase>& all_backends() {
  static const std::vector<BackendCase> all = {
      {"docker_scripted", true, &docker_scripted},
      {"docker_26_scripted", true, &docker_26_scripted},
      {"docker_real", false, &docker_real},
      {"podman_scripted", true, &podman_scripted},
      {"podman_real", false, &podman_real},
      {"host_scripted", false, &host_scripted},
      {"host_real", false, &host_real},
      {"incus_scripted", true, &incus_scripted},
      {"lxd_scripted", true, &lxd_scripted},
      {"lxd_projects_scripted", true, &lxd_projects_scripted},
      {"incus_real", false, &incus_real},
      {"kubernetes_scripted", true, &kubernetes_scripted},
      {"kubernetes_1_20_scripted", true, &kubernetes_1_20_scripted},
      {"kubernetes_real", false, &kubernetes_real},
      {"systemd_scripted", false, &systemd_scripted},
      {"systemd_real", false, &systemd_real},
  };
  return all;
}

}  // namespace rollcall::conformance
