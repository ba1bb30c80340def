// A real Podman service that belongs to the test.
#include <filesystem>

#include "conformance/real_backend.hpp"
#include "support/dockerd.hpp"
#include "support/podman.hpp"

namespace rollcall::conformance {
namespace {

class PodmanReal final : public RealBackend {
 public:
  PodmanReal() : RealBackend(RuntimeBackendKind::podman) {}

  [[nodiscard]] std::string name() const override { return "podman"; }
  [[nodiscard]] std::string endpoint() const override { return engine_.endpoint(); }
  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    if (ability != Ability::restarting) return {};
    return "Podman starts one that crashed again at once, and tells no state between";
  }

  std::string create(const std::string& name) override { return api().create({.name = name}); }
  std::string run(const std::string& name) override { return api().run({.name = name}); }
  void stop(const std::string& id) override { api().stop(id); }
  void restart(const std::string& id) override { api().restart(id); }
  void pause(const std::string& id) override { api().pause(id); }
  void unpause(const std::string& id) override { api().unpause(id); }
  void rename(const std::string& id, const std::string& name) override { api().rename(id, name); }
  void remove(const std::string& id) override { api().remove(id); }
  void hang_up(const std::string& id) override { api().kill(id, "HUP"); }
  std::string run_crashing(const std::string& name) override {
    return api().run(
        {.name = name, .command = {"sh", "-c", "sleep 0.2; exit 3"}, .restart_policy = "always"});
  }

  void kill_engine() override { engine_.kill9(); }
  void start_engine() override { engine_.start(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) engine_.terminate();
    if (fault == ConnectFault::refused) engine_.kill9();
    if (fault == ConnectFault::mute) engine_.freeze();
    if (fault != ConnectFault::not_this_api) return engine_.endpoint();
    other_ = std::make_unique<support::Dockerd>(support::DockerdOptions{});
    return "unix://" + (std::filesystem::path(other_->socket()).parent_path() /
                        "exec/containerd/containerd.sock")
                           .string();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    return support::podman_differences(instances, api());
  }

 private:
  [[nodiscard]] const support::DockerApi& api() const { return engine_.api(); }

  support::Podman engine_;
  std::unique_ptr<support::Dockerd> other_;
};

}  // namespace

std::unique_ptr<BackendUnderTest> podman_real() {
  return std::make_unique<PodmanReal>();
}

}  // namespace rollcall::conformance
