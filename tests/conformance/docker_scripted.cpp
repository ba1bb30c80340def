// A scripted Docker engine.
#include "backends/docker/driver.hpp"
#include "conformance/docker_api_scripted.hpp"

namespace rollcall::conformance {
namespace {

std::unique_ptr<BackendUnderTest> scripted(ScriptedDocker::Era era) {
  return std::make_unique<DockerApiScripted>(
      era, "docker", [](const Place& place, const BackendOptions& options, EnvPtr env, Wire wire) {
        return docker::make_driver(place, options, std::move(env), std::move(wire));
      });
}

}  // namespace

std::unique_ptr<BackendUnderTest> docker_scripted() {
  return scripted(ScriptedDocker::Era::docker_20_10);
}

std::unique_ptr<BackendUnderTest> docker_26_scripted() {
  return scripted(ScriptedDocker::Era::docker_26);
}

}  // namespace rollcall::conformance
