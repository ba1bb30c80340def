// A real manager that is reloaded, re-executed, killed and restarted.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "live/systemd_live.hpp"

namespace rollcall::support {
namespace {

class SystemdManagerLive : public SystemdLive {
 protected:
  /// Runs a service for which no event may be reported from here on.
  void run_quietly() {
    run_server("web.service", 18101);
    ASSERT_TRUE(serves("web.service", 18101));
    before_ = watched().fold().events().size();
  }

  void expect_nothing_of_services() {
    for (std::size_t i = before_; i < watched().fold().events().size(); ++i) {
      const RuntimeEvent event = watched().fold().events()[i];
      const InstanceKey* key = key_of(event);
      EXPECT_TRUE(key == nullptr || key->id == "marker.service" || key->id == "dbus.service")
          << transcript(watched().fold());
    }
  }

  std::size_t before_ = 0;
};

TEST_F(SystemdManagerLive, AReloadChangesNothingThatDidNotChange) {
  start();
  write_sleeper("many@.service");
  std::vector<std::string> words = {"start"};
  for (int i = 0; i < 100; ++i) words.push_back(fmt::format("many@{}.service", i));
  manager().systemctl(words);
  ASSERT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.running().size() > 100; }));
  run_quietly();
  for (int i = 0; i < 3; ++i) manager().systemctl({"daemon-reload"});
  pass_a_marker();
  expect_nothing_of_services();
}

TEST_F(SystemdManagerLive, ADropInCountsAfterAReload) {
  start();
  run_quietly();
  manager().write_unit("web.service.d/10-name.conf", "[X-Rollcall]\nName=Wiki\n");
  pass_a_marker();
  expect_nothing_of_services();
  manager().systemctl({"daemon-reload"});
  ASSERT_TRUE(becomes("web.service", [](const Instance& it) {
    return it.metadata && it.metadata->name && it.metadata->name->value == "Wiki";
  }));
  manager().write_unit("web.service.d/20-name.conf", "[Unit]\nX-Rollcall-Name=Book\n");
  manager().systemctl({"daemon-reload"});
  ASSERT_TRUE(becomes("web.service", [](const Instance& it) {
    return it.metadata && it.metadata->name && it.metadata->name->value == "Book";
  }));
  EXPECT_EQ(history("web.service").find("stopped"), std::string::npos);
}

TEST_F(SystemdManagerLive, ThatAFileChangedWithoutAReloadIsNotedWhenItIsReadAgain) {
  start();
  run_quietly();
  write_sleeper("web.service");
  manager().systemctl({"restart", "web.service"});
  ASSERT_TRUE(becomes("web.service", [](const Instance& it) {
    return !it.problems.empty() && it.problems[0].where == "NeedDaemonReload";
  }));
}

TEST_F(SystemdManagerLive, AUnitFileThatIsDeletedEndsNothing) {
  start();
  run_quietly();
  manager().remove_unit("web.service");
  manager().systemctl({"daemon-reload"});
  ASSERT_TRUE(becomes("web.service", [](const Instance& it) { return !it.problems.empty(); }));
  EXPECT_EQ(history("web.service").find("stopped"), std::string::npos);
  manager().systemctl({"stop", "web.service"});
  ASSERT_TRUE(stops("web.service"));
}

TEST_F(SystemdManagerLive, ExecutedAnewItChangesNothing) {
  start();
  run_quietly();
  manager().systemctl({"daemon-reexec"});
  pass_a_marker();
  expect_nothing_of_services();
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
}

TEST_F(SystemdManagerLive, KilledItsServicesAreNotSaidToStop) {
  start();
  run_quietly();
  manager().kill9();
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_disconnected") == 1; }));
  EXPECT_TRUE(watched().fold().running().contains("web.service"));
  expect_nothing_of_services();
  manager().start();
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_reconnected") == 1; }));
}

TEST_F(SystemdManagerLive, ABusThatIsStoppedIsWaitedFor) {
  start();
  run_quietly();
  manager().stop_bus();
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_disconnected") == 1; }));
  manager().start_bus();
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_reconnected") == 1; }));
  expect_nothing_of_services();
}

TEST_F(SystemdManagerLive, ABusThatIsKilledComesBackByItself) {
  start();
  run_quietly();
  manager().kill_bus();
  ASSERT_TRUE(watched().wait_until(
      [](const CheckedFold& fold) { return fold.count("backend_reconnected") == 1; }));
  expect_nothing_of_services();
}

TEST_F(SystemdManagerLive, TheManagerOfASystemIsWatchedLikeThatOfAUser) {
  start(SystemdManager::Kind::system);
  run_server("web.service", 18101, "[X-Rollcall]\nName=Wiki");
  ASSERT_TRUE(serves("web.service", 18101)) << "its control groups begin below ours";
  const InstancePtr web = watched().fold().running().at("web.service");
  EXPECT_EQ(web->group, "system.slice");
  ASSERT_TRUE(web->metadata);
  manager().systemctl({"daemon-reexec"});
  manager().systemctl({"restart", "web.service"});
  ASSERT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.count("stopped") == 1; }));
  ASSERT_TRUE(serves("web.service", 18101));
  EXPECT_EQ(watched().fold().count("backend_disconnected"), 0U);
}

}  // namespace
}  // namespace rollcall::support
