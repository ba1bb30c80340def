#include "backends/systemd/driver.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/host.hpp>
#include <rollcall/options/systemd.hpp>
#include <unistd.h>

#include "support/run.hpp"
#include "support/scripted_host.hpp"
#include "support/scripted_systemd.hpp"

namespace rollcall::systemd {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class SystemdDriverTest : public testing::Test {
 protected:
  SystemdDriverTest() { options_.of<SystemdOptions>().all_units = true; }

  std::unique_ptr<Driver> driver() {
    return make_driver({systemd_.url(), "test"}, options_, system_env(), host_, deadlines_);
  }

  Result<std::shared_ptr<Session>> connect(Purpose purpose = Purpose::watch) {
    driver_ = driver();
    return test::run(io_, driver_->connect(purpose));
  }

  std::shared_ptr<Session> connected() {
    auto session = connect();
    if (!session) throw std::runtime_error(session.error().describe());
    return std::move(*session);
  }

  std::vector<InstancePtr> list(Session& session) {
    return instances(test::run(io_, session.list()));
  }

  std::vector<InstancePtr> read(Session& session, const std::vector<std::string>& ids) {
    std::vector<Touched> touched;
    for (const std::string& id : ids) touched.push_back({.id = id});
    return instances(test::run(io_, session.read(touched)));
  }

  static std::vector<InstancePtr> instances(const Result<Snapshot>& snapshot) {
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error();
    std::vector<InstancePtr> all;
    if (!snapshot) return all;
    for (const Reading& reading : snapshot->readings) all.push_back(reading.instance);
    return all;
  }

  static std::vector<std::string> names(const std::vector<InstancePtr>& instances) {
    std::vector<std::string> all;
    for (const InstancePtr& instance : instances) all.push_back(instance->name);
    return all;
  }

  static std::vector<std::string> ports(const Instance& instance) {
    std::vector<std::string> all;
    for (const PortMapping& port : instance.ports) {
      all.push_back(fmt::format("{}:{}", port.host_ip, port.container_port));
    }
    return all;
  }

  Result<Change> next(Session& session) { return test::run(io_, session.next()); }

  /// "changed web.service", "began web.service", "resync".
  std::string next_change(Session& session) {
    const auto change = next(session);
    if (!change) return "failed: " + change.error().describe();
    if (std::holds_alternative<ResyncNeeded>(*change)) return "resync";
    const auto& touched = std::get<Touched>(*change);
    return (touched.mark == RunMark::began ? "began " : "changed ") + touched.id;
  }

  test::ScriptedUnit& unit(const std::string& name) {
    test::ScriptedUnit& made = systemd_.units[name];
    made.control_group = "/system.slice/" + name;
    return made;
  }

  pid_t listener(const std::string& unit, std::uint16_t port) {
    const pid_t pid = host_->start("/usr/bin/server");
    host_->at(pid).cgroups = {{.controllers = "", .path = "/system.slice/" + unit}};
    host_->listen(pid, port);
    return pid;
  }

  std::string write_file(const std::string& name, const std::string& text) {
    const auto path = systemd_.folder() / name;
    std::ofstream(path) << text;
    return path;
  }

  boost::asio::io_context io_;
  test::ScriptedSystemd systemd_{io_};
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  BackendOptions options_;
  Deadlines deadlines_;
  std::unique_ptr<Driver> driver_;
};

TEST_F(SystemdDriverTest, TellsWhoAnswers) {
  const EngineInfo info = connected()->info();
  EXPECT_EQ(info.product, "systemd");
  EXPECT_EQ(info.version, "257 (scripted)");
}

TEST_F(SystemdDriverTest, SubscribesBeforeAnythingElseForAWatchAlone) {
  connected();
  EXPECT_THAT(systemd_.calls, ElementsAre("Get Version", "Subscribe"));
  systemd_.calls.clear();
  ASSERT_TRUE(connect(Purpose::list).has_value());
  EXPECT_THAT(systemd_.calls, ElementsAre("Get Version"));
}

TEST_F(SystemdDriverTest, ABusWithoutSystemdIsNotThisApi) {
  systemd_.systemd_is_there = false;
  const auto session = connect();
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().fault, ConnectFault::not_this_api);
  EXPECT_EQ(session.error().kind, ErrorKind::unavailable);
}

TEST_F(SystemdDriverTest, ABusThatForbidsItIsDenied) {
  systemd_.error = "org.freedesktop.DBus.Error.AccessDenied";
  const auto session = connect();
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().fault, ConnectFault::denied);
  EXPECT_EQ(session.error().kind, ErrorKind::denied);
  EXPECT_FALSE(session.error().remedy.empty());
}

TEST_F(SystemdDriverTest, AManagerThatDoesNotAnswerIsMute) {
  systemd_.mute = true;
  deadlines_.probe_head = 80ms;
  const auto session = connect();
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().fault, ConnectFault::mute);
}

TEST_F(SystemdDriverTest, ABusThatIsMissingIsExplained) {
  systemd_.hide();
  const auto session = connect();
  ASSERT_FALSE(session.has_value());
  EXPECT_EQ(session.error().fault, ConnectFault::missing);
  EXPECT_THAT(session.error().what, StartsWith("there is no message bus"));
}

TEST_F(SystemdDriverTest, ListsTheRunningServices) {
  unit("web.service");
  unit("stopped.service").active_state = "inactive";
  unit("failed.service").active_state = "failed";
  unit("stopping.service").active_state = "deactivating";
  unit("loading.service").active_state = "reloading";
  unit("web.socket");
  unit("web.timer");
  EXPECT_THAT(names(list(*connected())), UnorderedElementsAre("web", "loading"));
}

TEST_F(SystemdDriverTest, OtherTypesOnDemand) {
  options_.of<SystemdOptions>().unit_types = {"socket", "timer", "scope"};
  unit("web.service");
  unit("web.socket").listen = {{"Stream", "127.0.0.1:80"}};
  unit("web.timer");
  unit("run-1.scope");
  const auto listed = list(*connected());
  EXPECT_THAT(names(listed), UnorderedElementsAre("web", "web.socket", "web.timer", "run-1.scope"));
  for (const InstancePtr& it : listed) {
    if (it->name == "web.socket") {
      EXPECT_THAT(ports(*it), ElementsAre("127.0.0.1:80"));
    }
  }
}

TEST_F(SystemdDriverTest, StoppedOnesAndFilesThatAreNotLoadedOnDemand) {
  options_.include_stopped = true;
  unit("web.service");
  unit("failed.service").active_state = "failed";
  systemd_.units["failed.service"].result = "start-limit-hit";
  systemd_.unit_files = {{"/etc/systemd/system/installed.service", "enabled"},
                         {"/etc/systemd/system/web.service", "enabled"},
                         {"/etc/systemd/system/template@.service", "static"},
                         {"/etc/systemd/system/other-name.service", "alias"},
                         {"/etc/systemd/system/never.service", "masked"}};
  const auto listed = list(*connected());
  EXPECT_THAT(names(listed), UnorderedElementsAre("web", "failed", "installed"));
  for (const InstancePtr& it : listed) {
    EXPECT_EQ(in_running_set(*it), it->name == "web") << it->name;
    if (it->name == "failed") {
      EXPECT_EQ(it->reason, "failed: start-limit-hit");
    }
    if (it->name == "installed") {
      EXPECT_EQ(it->details->definition, "/etc/systemd/system/installed.service");
    }
  }
  EXPECT_THAT(systemd_.calls, Not(Contains(StartsWith("Get installed.service"))))
      << "asking would load it";
}

TEST_F(SystemdDriverTest, FrozenOnesArePausedWhereThatIsSignalled) {
  unit("web.service").freezer_state = "frozen";
  EXPECT_EQ(list(*connected()).at(0)->state, InstanceState::paused);
  systemd_.version = "252.38-1~deb12u1";
  EXPECT_EQ(list(*connected()).at(0)->state, InstanceState::running);
  EXPECT_THAT(systemd_.calls, Contains("Get web.service FreezerState").Times(1));
}

TEST_F(SystemdDriverTest, TheDefaultViewIsWhatListensOrOptedIn) {
  options_.of<SystemdOptions>().all_units = false;
  unit("silent.service");
  unit("web.service");
  listener("web.service", 80);
  unit("named.service").fragment_path = write_file("named.service", "[X-Rollcall]\nName=Wiki\n");
  unit("refused.service").fragment_path =
      write_file("refused.service", "[X-Rollcall]\nEnable=no\nName=x\n");
  EXPECT_THAT(names(list(*connected())), UnorderedElementsAre("web", "named"));
}

TEST_F(SystemdDriverTest, PortsAreThoseOfTheControlGroup) {
  unit("web.service");
  listener("web.service", 80);
  listener("web.service/worker", 81);
  listener("web.service-of-another-name", 82);
  const auto listed = list(*connected());
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_THAT(ports(*listed[0]), ElementsAre("0.0.0.0:80", "0.0.0.0:81"));
}

TEST_F(SystemdDriverTest, WhereAUnitIsIsAskedForOnlyIfItsProcessDoesNotTell) {
  // The process that made the bus listen counts as the manager: here, this test itself.
  host_->own_place.network_namespace = 7;
  host_->put(::getpid(), "/init.scope");
  for (const char* name : {"told.service", "asked.service"}) {
    const pid_t pid = listener(name, 80);
    unit(name).main_pid = static_cast<std::uint32_t>(pid);
    host_->at(pid).network_namespace = name == std::string_view("told.service") ? 7 : 8;
  }
  unit("asked.service").private_network = true;
  const auto session = connected();
  const auto all = list(*session);
  ASSERT_THAT(names(all), ElementsAre("asked", "told"));
  EXPECT_EQ(all.at(0)->network_mode, NetworkMode::own);
  EXPECT_EQ(all.at(1)->network_mode, NetworkMode::host);
  EXPECT_THAT(ports(*all.at(1)), ElementsAre("0.0.0.0:80"));
  EXPECT_THAT(systemd_.calls, Contains("Get asked.service PrivateNetwork"));
  EXPECT_THAT(systemd_.calls, Not(Contains("Get told.service PrivateNetwork")));
  EXPECT_THAT(systemd_.calls, Not(Contains("Get told.service ControlGroup")));
}

TEST_F(SystemdDriverTest, WhomAUnitRunsAsAndItsCommandAreAskedForOnce) {
  host_->put(::getpid(), "/init.scope");
  host_->at(::getpid()).user = "manager";
  unit("db.service").user = "postgres";
  unit("web.service").commands = {{"/bin/web", "--token", "t0p", "-v"}, {"/bin/second"}};
  const auto session = connected();
  const auto all = list(*session);
  ASSERT_THAT(names(all), ElementsAre("db", "web"));
  EXPECT_EQ(all.at(0)->details->user, "postgres");
  EXPECT_THAT(all.at(0)->details->command, IsEmpty());
  EXPECT_EQ(all.at(1)->details->user, "manager");
  EXPECT_THAT(all.at(1)->details->command, ElementsAre("/bin/web", "--token", "***", "-v"));
  EXPECT_THAT(systemd_.calls, Contains("Get web.service ExecStart").Times(1));
  systemd_.calls.clear();
  systemd_.units["web.service"].invocation = 2;
  systemd_.tell_changed("web.service");
  EXPECT_EQ(read(*session, {"web.service"}).at(0)->details->command.size(), 4U);
  EXPECT_THAT(systemd_.calls, ElementsAre("ListUnitsByPatterns"));
}

TEST_F(SystemdDriverTest, PortsOfASocketAreThoseOfTheServiceThatItTriggers) {
  options_.include_stopped = true;
  unit("web.service").active_state = "inactive";
  unit("web.socket").listen = {{"Stream", "[::]:80"}, {"Stream", "/run/web.sock"}};
  systemd_.units["web.socket"].triggers = {"web.service"};
  const auto session = connected();
  auto listed = list(*session);
  ASSERT_THAT(names(listed), ElementsAre("web"));
  EXPECT_THAT(ports(*listed[0]), ElementsAre(":::80")) << "before it was activated";

  unit("web.socket").active_state = "inactive";
  systemd_.tell_changed("web.socket");
  EXPECT_EQ(next_change(*session), "began web.socket");
  EXPECT_THAT(read(*session, {"web.socket"}), IsEmpty());
  EXPECT_EQ(next_change(*session), "began web.service");
  listed = read(*session, {"web.service"});
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_THAT(ports(*listed[0]), IsEmpty());
}

TEST_F(SystemdDriverTest, APortThatOpensOrClosesIsSeenWithoutASignal) {
  options_.of<HostOptions>().look_period = 1ms;
  unit("web.service");
  unit("other.service");
  const auto session = connected();
  list(*session);
  const pid_t pid = listener("web.service", 80);
  EXPECT_EQ(next_change(*session), "began web.service");
  EXPECT_THAT(ports(*read(*session, {"web.service"}).at(0)), ElementsAre("0.0.0.0:80"));
  host_->end(pid);
  EXPECT_EQ(next_change(*session), "began web.service");
  EXPECT_THAT(ports(*read(*session, {"web.service"}).at(0)), IsEmpty());
}

TEST_F(SystemdDriverTest, APrivateNetworkIsLookedIntoAsOftenAsTheHosts) {
  options_.of<HostOptions>().look_period = 1ms;
  unit("web.service").private_network = true;
  const auto session = connected();
  EXPECT_THAT(ports(*list(*session).at(0)), IsEmpty());
  listener("web.service", 80);
  EXPECT_EQ(next_change(*session), "began web.service");
  const InstancePtr web = read(*session, {"web.service"}).at(0);
  EXPECT_EQ(web->network_mode, NetworkMode::own);
  EXPECT_THAT(ports(*web), ElementsAre(":80"));
  EXPECT_EQ(web->ports[0].scope, PortScope::internal);
}

TEST_F(SystemdDriverTest, AServiceThatJustBecameActiveIsLookedAtSoon) {
  options_.of<HostOptions>().look_period = 1h;
  unit("web.service").active_since =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  const auto session = connected();
  list(*session);
  listener("web.service", 80);
  EXPECT_EQ(next_change(*session), "began web.service");
}

TEST_F(SystemdDriverTest, SettingsAreOfTheFragmentAndItsDropInsInTheirOrder) {
  test::ScriptedUnit& web = unit("web.service");
  web.fragment_path = write_file("web.service", "[Service]\nX-Rollcall-Name=a\n");
  web.drop_in_paths = {write_file("z.conf", "[Service]\nX-Rollcall-Name=b\n"),
                       write_file("a.conf", "[Service]\nX-Rollcall-Name=c\n")};
  const auto session = connected();
  EXPECT_EQ(list(*session).at(0)->labels.find("rollcall.name"), "c");

  write_file("a.conf", "[Service]\nX-Rollcall-Name=d\n");
  EXPECT_EQ(list(*session).at(0)->labels.find("rollcall.name"), "c") << "not before a reload";
  systemd_.tell_reloading(true);
  systemd_.tell_reloading(false);
  EXPECT_EQ(next_change(*session), "resync");
  EXPECT_EQ(list(*session).at(0)->labels.find("rollcall.name"), "d");
}

TEST_F(SystemdDriverTest, AUnitFileThatCannotBeReadIsNoted) {
  unit("web.service").fragment_path = "/nonexistent/web.service";
  const auto listed = list(*connected());
  ASSERT_EQ(listed.size(), 1U);
  ASSERT_EQ(listed[0]->problems.size(), 1U);
  EXPECT_EQ(listed[0]->problems[0].where, "/nonexistent/web.service");
}

TEST_F(SystemdDriverTest, NamesAreNoPatterns) {
  const std::string odd = "a\\x2d[b]*.service";
  unit(odd);
  unit("ax2db.service");
  const auto session = connected();
  list(*session);
  EXPECT_THAT(names(read(*session, {odd})), ElementsAre("a\\x2d[b]*"));
}

TEST_F(SystemdDriverTest, AllThatChangedAtOnceCostOneCall) {
  const auto session = connected();
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    ids.push_back(fmt::format("u{}.service", i));
    unit(ids.back());
  }
  list(*session);
  for (const std::string& id : ids) {
    systemd_.units[id].invocation = 2;
    systemd_.tell_changed(id);
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_THAT(next_change(*session), StartsWith("began u"));
  systemd_.calls.clear();
  const auto again = read(*session, ids);
  EXPECT_EQ(again.size(), ids.size());
  for (const InstancePtr& it : again) EXPECT_THAT(it->run, StartsWith("0202"));
  EXPECT_THAT(systemd_.calls, ElementsAre("ListUnitsByPatterns"));
}

TEST_F(SystemdDriverTest, AnEditedFileMayNeedAReload) {
  test::ScriptedUnit& web = unit("web.service");
  web.fragment_path = write_file("web.service", "[Service]\n");
  const auto session = connected();
  EXPECT_THAT(list(*session).at(0)->problems, IsEmpty());
  write_file("web.service", "[Service]\nX-Rollcall-Name=a\n");
  web.needs_reload = true;
  systemd_.calls.clear();
  EXPECT_EQ(read(*session, {"web.service"}).at(0)->problems.size(), 1U);
  EXPECT_EQ(read(*session, {"web.service"}).at(0)->problems.size(), 1U);
  EXPECT_THAT(systemd_.calls, ElementsAre("ListUnitsByPatterns", "Get web.service NeedDaemonReload",
                                          "ListUnitsByPatterns"));
}

TEST_F(SystemdDriverTest, WithinAJobNothingIsFinal) {
  test::ScriptedUnit& web = unit("web.service");
  const auto session = connected();
  list(*session);
  web.job_type = "restart";
  systemd_.tell_changed("web.service");
  web.active_state = "deactivating";
  systemd_.tell_changed("web.service");
  web.active_state = "inactive";
  web.job_type = "start";
  systemd_.tell_changed("web.service");
  EXPECT_THAT(names(read(*session, {"web.service"})), ElementsAre("web"))
      << "a reading in the middle of it finds what it was before";
  web.active_state = "active";
  web.invocation = 2;
  systemd_.tell_changed("web.service");
  systemd_.tell_removed("marker.service");
  EXPECT_EQ(next_change(*session), "changed marker.service") << "nothing was told before";
  web.job_type = "";
  systemd_.tell_changed("web.service");
  EXPECT_EQ(next_change(*session), "began web.service");
  EXPECT_THAT(read(*session, {"web.service"}).at(0)->run, StartsWith("0202"));
}

TEST_F(SystemdDriverTest, ASlowStartIsToldWhileItsJobLasts) {
  test::ScriptedUnit& web = unit("web.service");
  web.active_state = "inactive";
  const auto session = connected();
  list(*session);
  web.active_state = "activating";
  web.sub_state = "start";
  web.job_type = "start";
  systemd_.tell_changed("web.service");
  EXPECT_EQ(next_change(*session), "began web.service");
  EXPECT_EQ(read(*session, {"web.service"}).at(0)->health, Health::starting);
}

TEST_F(SystemdDriverTest, ASignalWithoutADifferenceAsksForNothing) {
  unit("web.service");
  const auto session = connected();
  list(*session);
  systemd_.tell_changed("web.service");
  systemd_.tell_changed("web.service");
  systemd_.tell_removed("marker.service");
  EXPECT_EQ(next_change(*session), "changed marker.service");
}

TEST_F(SystemdDriverTest, AReloadIsOneResyncWhateverItSays) {
  unit("web.service");
  unit("db.service");
  const auto session = connected();
  list(*session);
  systemd_.tell_reloading(true);
  systemd_.tell_removed("web.service");
  systemd_.tell_removed("db.service");
  systemd_.tell_reloading(false);
  systemd_.tell_removed("marker.service");
  EXPECT_EQ(next_change(*session), "resync");
  EXPECT_EQ(next_change(*session), "changed marker.service");
}

TEST_F(SystemdDriverTest, AListThatAReloadInterruptsIsWholeAllTheSame) {
  for (int i = 0; i < 20; ++i) {
    unit(fmt::format("u{}.service", i)).fragment_path = write_file("u", "[X-Rollcall]\nName=u\n");
  }
  const auto session = connected();
  int asked = 0;
  systemd_.before_answer = [&](const std::string& call) {
    if (!call.starts_with("Get u")) return;
    ++asked;
    if (asked % 50 == 0 && asked < 200) {
      systemd_.tell_reloading(true);
      systemd_.tell_reloading(false);
    }
  };
  const auto listed = list(*session);
  EXPECT_EQ(listed.size(), 20U);
  for (const InstancePtr& it : listed) {
    EXPECT_FALSE(it->run.empty());
    EXPECT_FALSE(it->details->definition.empty());
    EXPECT_TRUE(it->metadata);
  }
}

TEST_F(SystemdDriverTest, AUnitThatWasUnloadedIsNeverLoadedAgain) {
  unit("web.service");
  const auto session = connected();
  list(*session);
  systemd_.units.erase("web.service");
  systemd_.tell_removed("web.service");
  EXPECT_EQ(next_change(*session), "changed web.service");
  systemd_.calls.clear();
  EXPECT_THAT(read(*session, {"web.service"}), IsEmpty());
  EXPECT_THAT(systemd_.calls, ElementsAre("ListUnitsByPatterns"));
}

TEST_F(SystemdDriverTest, OneThatStopsWhileItIsReadIsAbsent) {
  unit("web.service");
  test::ScriptedUnit& stops = unit("stops.service");
  const auto session = connected();
  systemd_.before_answer = [&](const std::string& call) {
    if (!call.starts_with("Get stops.service") || stops.active_state != "active") return;
    stops.active_state = "inactive";
    stops.control_group = "";
    systemd_.tell_changed("stops.service");
  };
  EXPECT_THAT(names(list(*session)), ElementsAre("web"));
}

TEST_F(SystemdDriverTest, OneThatVanishesWhileItIsReadIsAbsent) {
  unit("web.service");
  unit("gone.service");
  const auto session = connected();
  systemd_.before_answer = [this](const std::string& call) {
    if (call.starts_with("Get gone.service")) systemd_.units.erase("gone.service");
  };
  EXPECT_THAT(names(list(*session)), ElementsAre("web"));
}

TEST_F(SystemdDriverTest, AManagerThatIsExecutedAnewIsSubscribedToAndListed) {
  unit("web.service");
  const auto session = connected();
  list(*session);
  systemd_.calls.clear();
  systemd_.tell_owner(false);
  systemd_.tell_owner(true);
  EXPECT_EQ(next_change(*session), "resync");
  EXPECT_THAT(systemd_.calls, Contains("Subscribe"));
}

TEST_F(SystemdDriverTest, AListSurvivesAManagerThatIsAwayForAMoment) {
  unit("web.service");
  const auto session = connected();
  systemd_.systemd_is_there = false;
  int asked = 0;
  systemd_.before_answer = [&](const std::string&) { systemd_.systemd_is_there = ++asked > 3; };
  EXPECT_THAT(names(list(*session)), ElementsAre("web"));
}

TEST_F(SystemdDriverTest, AManagerThatDoesNotComeBackEndsTheSession) {
  const auto session = connected();
  systemd_.systemd_is_there = false;
  systemd_.tell_owner(false);
  const auto change = next(*session);
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(change.error().what, "the systemd manager has left the bus");
}

TEST_F(SystemdDriverTest, ABrokenConnectionEndsTheSession) {
  const auto session = connected();
  systemd_.drop_connections();
  const auto change = next(*session);
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().kind, ErrorKind::unavailable);
}

TEST_F(SystemdDriverTest, ASignalOfAnotherFormAsksForAList) {
  unit("web.service");
  const auto session = connected();
  systemd_.tell_garbage("web.service");
  EXPECT_EQ(next_change(*session), "resync");
}

TEST_F(SystemdDriverTest, AProbeGoesOverAnotherConnection) {
  const auto session = connected();
  const std::size_t before = systemd_.accepted;
  EXPECT_TRUE(test::run(io_, session->probe()).has_value());
  EXPECT_EQ(systemd_.accepted, before + 1);
}

TEST_F(SystemdDriverTest, AProbeThatIsNotAnsweredFails) {
  deadlines_.quiet_probe = 80ms;
  const auto session = connected();
  systemd_.mute = true;
  const auto probed = test::run(io_, session->probe());
  ASSERT_FALSE(probed.has_value());
  EXPECT_EQ(probed.error().fault, ConnectFault::mute);
}

}  // namespace
}  // namespace rollcall::systemd
