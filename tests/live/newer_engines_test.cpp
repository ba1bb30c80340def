// Features of the engines of a newer Debian. Run with ROLLCALL_ENGINE_ROOT, like the life tests,
// which hold for all versions.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "live/docker_live.hpp"
#include "live/podman_live.hpp"
#include "live/systemd_live.hpp"
#include "support/engine_tools.hpp"

namespace rollcall::support {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string version_of(const DockerApi& api) {
  return api.call("GET", "/version").body;
}

TEST(NewerEngines, are_driven) {
  ASSERT_FALSE(engine_root().empty()) << "ROLLCALL_ENGINE_ROOT is not set";
  EXPECT_THAT(version_of(Dockerd().api()), HasSubstr(R"("Version":"26.)"));
  EXPECT_THAT(version_of(Podman().api()), HasSubstr(R"("Version":"5.)"));
  const SystemdManager manager;
  EXPECT_THAT(manager.systemctl({"show", "--property=Version", "--value"}), StartsWith("257"));
}

class NewerSystemd : public SystemdLive {};

TEST_F(NewerSystemd, starts_one_again_without_a_state_in_between) {
  start();
  write_sleeper("web.service", "Restart=always\nRestartMode=direct\nRestartSec=0");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "web.service"});
  ASSERT_TRUE(starts("web.service"));
  const auto first = watched().fold().running().at("web.service");
  manager().systemctl({"kill", "--signal=KILL", "web.service"});
  ASSERT_TRUE(becomes("web.service", [&](const Instance& it) {
    return it.run != first->run && it.state == InstanceState::running;
  })) << transcript(watched().fold());
  EXPECT_EQ(watched().fold().count("stopped"), 1U) << history("web.service");
}

TEST_F(NewerSystemd, signals_that_one_is_frozen) {
  start(SystemdManager::Kind::system);
  write_sleeper("web.service");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "web.service"});
  ASSERT_TRUE(starts("web.service"));
  manager().systemctl({"freeze", "web.service"});
  EXPECT_TRUE(becomes("web.service", [](const Instance& it) {
    return it.state == InstanceState::paused;
  })) << transcript(watched().fold());
  manager().systemctl({"thaw", "web.service"});
  EXPECT_TRUE(becomes("web.service",
                      [](const Instance& it) { return it.state == InstanceState::running; }));
}

}  // namespace
}  // namespace rollcall::support
