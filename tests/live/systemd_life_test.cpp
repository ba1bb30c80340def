// Services of a real manager: how they live, restart, fail and listen.
#include <string>

#include <fmt/format.h>

#include "live/systemd_live.hpp"

namespace rollcall::support {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class SystemdLife : public SystemdLive {};

TEST_F(SystemdLife, AServiceStartsStopsAndRestarts) {
  start();
  run_server("web.service", 18101);
  ASSERT_TRUE(serves("web.service", 18101)) << "its port opens after it is active";
  const InstancePtr web = watched().fold().running().at("web.service");
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->state, InstanceState::running);
  EXPECT_EQ(web->group, "app.slice");
  EXPECT_EQ(web->ports.size(), 1U);
  EXPECT_EQ(web->ports[0].host_ip, "127.0.0.1");
  ASSERT_TRUE(web->details);
  EXPECT_EQ(web->details->description, "A server");
  EXPECT_NE(web->details->pid, 0);
  EXPECT_EQ(web->details->user, "root") << "the manager's";
  EXPECT_THAT(web->details->command,
              ElementsAre("/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:18101"));
  EXPECT_TRUE(web->started_at.has_value());

  manager().systemctl({"restart", "web.service"});
  ASSERT_TRUE(becomes("web.service", [&](const Instance& it) { return it.run != web->run; }));
  ASSERT_TRUE(serves("web.service", 18101));
  EXPECT_THAT(history("web.service"), StartsWith("started"));
  EXPECT_EQ(watched().fold().count("stopped"), 1U) << "one restart is one end";
  manager().systemctl({"stop", "web.service"});
  ASSERT_TRUE(stops("web.service"));
}

TEST_F(SystemdLife, AServiceThatWasLoadedBeforeItRanHasItsSettings) {
  start_manager();
  write_sleeper("timed.service", "X-Rollcall-Name=timed");
  manager().write_unit("timed.timer", "[Timer]\nOnActiveSec=1h\n");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "timed.timer"});  // It loads the service.
  watch_all();
  manager().systemctl({"start", "timed.service"});
  ASSERT_TRUE(becomes("timed.service", [](const Instance& it) {
    return it.labels.find("rollcall.name") == "timed";
  })) << transcript(watched().fold());
  EXPECT_EQ(history("timed.service"), "started");
}

TEST_F(SystemdLife, AReloadThatServicesDoThemselvesEndsNothing) {
  start();
  write_sleeper("web.service", "ExecReload=/bin/true");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "web.service"});
  ASSERT_TRUE(starts("web.service"));
  manager().systemctl({"reload", "web.service"});
  pass_a_marker();
  EXPECT_EQ(history("web.service").find("stopped"), std::string::npos) << history("web.service");
}

TEST_F(SystemdLife, ACrashLoopRestartsUntilItsLimit) {
  start();
  manager().write_unit("crash.service",
                       "[Unit]\nStartLimitBurst=3\n[Service]\nExecStart=/bin/sh -c 'sleep 0.05; "
                       "exit 3'\nRestart=on-failure\nRestartSec=200ms\n");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "crash.service"});
  ASSERT_TRUE(becomes("crash.service", [](const Instance& it) {
    return it.state == InstanceState::restarting && it.reason == "restarts after exit-code";
  })) << transcript(watched().fold());
  ASSERT_TRUE(becomes("crash.service",
                      [](const Instance& it) { return it.details && it.details->restarts > 0; }));
  ASSERT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.count("stopped") >= 3; }));
  ASSERT_TRUE(stops("crash.service"));
}

TEST_F(SystemdLife, InstancesOfATemplateAreEachTheirOwn) {
  start();
  manager().write_unit("echo@.service",
                       "[Service]\nExecStart=/bin/busybox httpd -f -p 127.0.0.1:%i\n"
                       "[X-Rollcall]\nName=echo on %i\n");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "echo@18201.service", "echo@18202.service"});
  for (const int port : {18201, 18202}) {
    const std::string id = fmt::format("echo@{}.service", port);
    ASSERT_TRUE(serves(id, port));
    const InstancePtr echo = watched().fold().running().at(id);
    EXPECT_EQ(echo->service, "echo");
    EXPECT_EQ(echo->group, "app-echo.slice");
    ASSERT_TRUE(echo->metadata);
    EXPECT_EQ(echo->metadata->name->value, fmt::format("echo on {}", port));
  }
}

TEST_F(SystemdLife, ASocketHoldsThePortOfTheServiceThatItStarts) {
  start();
  manager().write_unit("lazy.socket", "[Socket]\nListenStream=127.0.0.1:18103\n");
  write_sleeper("lazy.service");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "lazy.socket"});
  manager().room().run({"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/18103"});
  ASSERT_TRUE(serves("lazy.service", 18103)) << "the first connection started it";
  manager().systemctl({"stop", "lazy.socket", "lazy.service"});
  ASSERT_TRUE(stops("lazy.service"));
}

TEST_F(SystemdLife, APrivateNetworkIsLookedInto) {
  start();
  manager().write_unit("web.service",
                       "[Service]\nPrivateNetwork=yes\n"
                       "ExecStart=/bin/busybox httpd -f -p 0.0.0.0:18101\n");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "web.service"});
  ASSERT_TRUE(becomes("web.service", [](const Instance& it) {
    return it.network_mode == NetworkMode::own && it.ports.size() == 1 &&
           it.ports[0].container_port == 18101 && it.ports[0].host_port == 0;
  }));
}

TEST_F(SystemdLife, ATransientServiceAndItsSettingsAreSeen) {
  start();
  manager().room().run({"env", "XDG_RUNTIME_DIR=" + manager().room().folder() + "/run",
                        "systemd-run", "--user", "--quiet", "--unit=transient",
                        "--description=For a while", "/bin/sleep", "infinity"});
  ASSERT_TRUE(becomes("transient.service", [](const Instance& it) {
    return it.details && it.details->description == "For a while";
  }));
  manager().systemctl({"stop", "transient.service"});
  ASSERT_TRUE(stops("transient.service"));
}

TEST_F(SystemdLife, TheDefaultViewIsWhatListensOrOptedIn) {
  watch_the_default_view();
  write_sleeper("silent.service");
  write_sleeper("named.service", "X-Rollcall-Name=Wiki");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "silent.service", "named.service"});
  run_server("web.service", 18101);
  ASSERT_TRUE(starts("named.service"));
  ASSERT_TRUE(serves("web.service", 18101));
  pass_a_marker();
  EXPECT_EQ(history("silent.service"), "");
  EXPECT_EQ(history("web.service"), "started") << "nothing was told before its port opened";
}

TEST_F(SystemdLife, APortThatOpensLateIsFound) {
  watch_the_default_view();
  manager().write_unit(
      "late.service", "[Service]\nExecStart=/bin/sh -c 'while [ ! -e " + manager().room().folder() +
                          "/go ]; do sleep 0.05; done; exec /bin/busybox httpd -f -p 18104'\n");
  manager().systemctl({"daemon-reload"});
  manager().systemctl({"start", "late.service"});
  pass_a_marker();
  EXPECT_EQ(history("late.service"), "");
  run_or_throw({"touch", manager().room().folder() + "/go"});
  ASSERT_TRUE(serves("late.service", 18104));
}

TEST_F(SystemdLife, ThreeHundredAtOnce) {
  start();
  write_sleeper("many@.service");
  manager().systemctl({"daemon-reload"});
  std::vector<std::string> words = {"start", "--no-block"};
  for (int i = 0; i < 300; ++i) words.push_back(fmt::format("many@{}.service", i));
  manager().systemctl(words);
  ASSERT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.running().size() >= 300; }));
  expect_agreement();
  words[0] = "stop";
  manager().systemctl(words);
  ASSERT_TRUE(
      watched().wait_until([](const CheckedFold& fold) { return fold.running().size() < 100; }));
}

}  // namespace
}  // namespace rollcall::support
