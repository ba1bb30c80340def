// A real LXD server (or, with ROLLCALL_ENGINE_ROOT, Incus) that belongs to the test.
#include <stdexcept>

#include "conformance/real_backend.hpp"
#include "support/dockerd.hpp"
#include "support/incus_server.hpp"

namespace rollcall::conformance {
namespace {

class IncusReal final : public RealBackend {
 public:
  IncusReal() : RealBackend(RuntimeBackendKind::incus) {}

  [[nodiscard]] std::string name() const override { return engine_.family(); }
  [[nodiscard]] std::string endpoint() const override { return engine_.endpoint(); }
  [[nodiscard]] std::string_view lacks(Ability ability) const override {
    switch (ability) {
      case Ability::restarting:
        return "one that is about to be started again does not run until then";
      case Ability::new_ids:
        return "the id of an instance is its project and its name";
      case Ability::renaming:
        return "one that runs cannot be renamed";
      default:
        return {};
    }
  }

  std::string create(const std::string& name) override { return engine_.create({.name = name}); }
  std::string run(const std::string& name) override { return engine_.run({.name = name}); }
  void stop(const std::string& id) override { engine_.stop(id); }
  void restart(const std::string& id) override { engine_.restart(id); }
  void pause(const std::string& id) override { engine_.pause(id); }
  void unpause(const std::string& id) override { engine_.unpause(id); }
  void rename(const std::string& id, const std::string& name) override {
    try {
      engine_.rename(id, name);
    } catch (const std::runtime_error&) {  // A running instance cannot be renamed.
      engine_.edit(id, {{"config", {{"user.word", name}}}});
    }
  }
  void remove(const std::string& id) override { engine_.remove(id); }
  void hang_up(const std::string& id) override { engine_.exec(id, {"kill", "-HUP", "1"}); }
  std::string run_crashing(const std::string& name) override { return run(name); }

  void kill_engine() override { engine_.kill9(); }
  void start_engine() override { engine_.start(); }

  [[nodiscard]] std::string broken_endpoint(ConnectFault fault) override {
    if (fault == ConnectFault::missing) engine_.terminate();
    if (fault == ConnectFault::refused) engine_.kill9();
    if (fault == ConnectFault::mute) engine_.freeze();
    if (fault != ConnectFault::not_this_api) return engine_.endpoint();
    other_ = std::make_unique<support::Dockerd>(support::DockerdOptions{});
    return other_->endpoint();
  }

  [[nodiscard]] std::vector<std::string> differences(
      const std::map<std::string, InstancePtr>& instances) override {
    return support::incus_differences(instances, engine_);
  }

 private:
  support::IncusServer engine_;
  std::unique_ptr<support::Dockerd> other_;
};

}  // namespace

std::unique_ptr<BackendUnderTest> incus_real() {
  return std::make_unique<IncusReal>();
}

}  // namespace rollcall::conformance
