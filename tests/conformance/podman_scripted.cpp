// A scripted Podman engine.
#include "backends/podman/driver.hpp"
#include "conformance/docker_api_scripted.hpp"

namespace rollcall::conformance {
namespace {

class PodmanScripted final : public DockerApiScripted {
 public:
  PodmanScripted()
      : DockerApiScripted(
            ScriptedDocker::Era::podman_4_3, "podman",
            [](const Place& place, const BackendOptions& options, EnvPtr env, Wire wire) {
              return podman::make_driver(place, options, std::move(env), std::move(wire));
            }) {
    list_target = "/containers/json?all=1";
  }

  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    if (ability != Ability::restarting) return {};
    return "Podman starts one that crashed again at once, and tells no state between";
  }
};

}  // namespace

std::unique_ptr<BackendUnderTest> podman_scripted() {
  return std::make_unique<PodmanScripted>();
}

}  // namespace rollcall::conformance
