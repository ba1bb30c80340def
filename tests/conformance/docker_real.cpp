// A real dockerd that belongs to the test.
#include <filesystem>

#include "conformance/real_backend.hpp"
#include "support/dockerd.hpp"
#include "support/engine_view.hpp"

namespace rollcall::conformance {
namespace {

class DockerReal final : public RealBackend {
 public:
  DockerReal() : RealBackend(RuntimeBackendKind::docker) {}

  [[nodiscard]] std::string name() const override { return "docker"; }
  [[nodiscard]] std::string endpoint() const override { return engine_.endpoint(); }

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
    return api().run({.name = name, .command = {"false"}, .restart_policy = "always"});
  }

  void kill_engine() override { engine_.kill9(); }
  void start_engine() override { engine_.start(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) engine_.terminate();
    if (fault == ConnectFault::refused) engine_.kill9();
    if (fault == ConnectFault::mute) engine_.freeze();
    if (fault != ConnectFault::not_this_api) return engine_.endpoint();
    const auto folder = std::filesystem::path(engine_.socket()).parent_path();
    return "unix://" + (folder / "exec/containerd/containerd.sock").string();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    return support::differences(instances, api());
  }

 private:
  [[nodiscard]] const support::DockerApi& api() const { return engine_.api(); }

  support::Dockerd engine_{{.live_restore = true}};
};

}  // namespace

std::unique_ptr<BackendUnderTest> docker_real() {
  return std::make_unique<DockerReal>();
}

}  // namespace rollcall::conformance
