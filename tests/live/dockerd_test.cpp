// The harness itself: an engine that a test can start, kill and restart, and that leaves nothing
// behind.
#include "support/dockerd.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/engine_view.hpp"
#include "support/watch_fold.hpp"

namespace rollcall::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Everything in a sandbox carries its name: mounts, command lines, control groups and files.
std::string traces_of(const std::string& name) {
  auto script = R"(
grep -F "$0" /proc/self/mounts
for p in /proc/[0-9]*; do
  [ "$p" = "/proc/$$" ] || tr '\0' ' ' <$p/cmdline 2>/dev/null | grep -F -e "$0"
done
find /sys/fs/cgroup -maxdepth 2 -name "$0"
find /tmp -maxdepth 1 -name "$0"
true)";
  return run_or_throw({"sh", "-c", script, name});
}

std::string room_of(const Dockerd& engine) {
  return std::filesystem::path(engine.socket()).parent_path().filename();
}

std::string pid_of(const Dockerd& engine, const std::string& id) {
  const auto state = engine.api().inspect(id).at("State");
  return std::to_string(state.at("Pid").as_int64());
}

TEST(Dockerd, leaves_nothing_behind) {
  std::string room;
  {
    Dockerd engine({.live_restore = true});
    room = room_of(engine);
    engine.api().run({.name = "plain", .ports = {{.container_port = 80, .host_port = 8080}}});
    const auto frozen = engine.api().run({.name = "frozen"});
    engine.api().pause(frozen);
    engine.kill9();
    EXPECT_NE(traces_of(room), "");
  }
  EXPECT_EQ(traces_of(room), "");
}

TEST(Dockerd, comes_back_with_its_containers_under_live_restore) {
  Dockerd engine({.live_restore = true});
  const auto id = engine.api().run({.name = "survivor"});
  const auto pid = pid_of(engine, id);
  engine.kill9();
  EXPECT_FALSE(engine.api().ping());
  engine.start();
  EXPECT_EQ(pid_of(engine, id), pid);
  engine.terminate();
  engine.kill_processes({pid});
  engine.start();
  EXPECT_EQ(pid_of(engine, id), "0");
}

TEST(Dockerd, is_mute_while_frozen) {
  Dockerd engine;
  engine.freeze();
  EXPECT_FALSE(engine.api().ping(1s));
  engine.thaw();
  EXPECT_TRUE(engine.api().ping(5s));
}

std::map<std::string, InstancePtr> list(const Dockerd& engine) {
  WatchFold backend(engine.endpoint());
  std::map<std::string, InstancePtr> result;
  for (const auto& instance : backend.list().value()) result[instance->key.id] = instance;
  return result;
}

TEST(EngineView, sees_what_is_missing_what_is_a_ghost_and_what_differs) {
  const Dockerd engine;
  const auto id =
      engine.api().run({.name = "web", .ports = {{.container_port = 80, .host_port = 18080}}});
  auto instances = list(engine);
  EXPECT_THAT(differences(instances, engine.api()), IsEmpty());

  Instance wrong = *instances.at(id);
  wrong.name = "wed";
  wrong.state = InstanceState::paused;
  wrong.health = Health::healthy;
  wrong.ports.clear();
  wrong.addresses.clear();
  wrong.labels = Labels({{"a", "b"}});
  instances[id] = std::make_shared<const Instance>(wrong);
  EXPECT_THAT(differences(instances, engine.api()),
              ElementsAre(HasSubstr("name is 'wed'"), HasSubstr("state is 'paused'"),
                          HasSubstr("health is 'healthy'"), HasSubstr("ports is ''"),
                          HasSubstr("addresses is ''"), HasSubstr("labels is 'a=b'")));

  instances["ghost"] = instances.extract(id).mapped();
  EXPECT_THAT(differences(instances, engine.api()),
              ElementsAre(HasSubstr("is missing"), HasSubstr("is a ghost")));
}

TEST(Sandbox, of_a_killed_test_is_removed_by_the_next) {
  const std::string folder = "/tmp/rollcall-room-killed";
  std::filesystem::create_directories(folder + "/data");
  std::filesystem::create_directories("/sys/fs/cgroup/pids/rollcall-room-killed/inner");
  remove_abandoned_sandboxes();
  EXPECT_EQ(traces_of("rollcall-room-killed"), "");
}

}  // namespace
}  // namespace rollcall::support
