// The contract for a runtime that is polled. Other suites test it with a scripted HTTP server; here
// the kernel and the processes are scripted.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/conformance.hpp"
#include "conformance/host_scripted.hpp"

namespace rollcall::conformance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration look_period = 5s;

class HostLooks : public Conformance {
 protected:
  [[nodiscard]] HostScripted& script() { return dynamic_cast<HostScripted&>(engine()); }
  [[nodiscard]] test::ScriptedHost& host() { return script().host(); }

  void watch_synced() {
    watch();
    ASSERT_TRUE(wait_synced());
  }
  void pass(Duration duration) {
    script().pass(duration);
    while (auto event = receiver().try_receive()) fold().apply(*event);
  }
  /// Advances time to the look that makes the condition true.
  void pass_until(const std::function<bool()>& condition) {
    for (Duration waited{}; waited < look_period && !condition(); waited += 1ms) pass(1ms);
    ASSERT_TRUE(condition());
  }
  std::vector<std::string> told_since(std::size_t before) {
    const auto lines = told();
    return {lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end()};
  }
  void refuse(ErrorKind kind, ConnectFault fault) {
    host().refusal = RuntimeError{.kind = kind, .fault = fault, .what = "no", .remedy = "do"};
  }
  std::size_t attempts_in(Duration duration) {
    const std::size_t before = host().dumps;
    pass(duration);
    return host().dumps - before;
  }
};

TEST_P(HostLooks, ARestartBetweenTwoLooksIsStoppedAndStartedInOneOrder) {
  const std::string ends = engine().run("ends");
  const std::string web = engine().run("web");
  const std::string changes = engine().run("changes");
  watch_synced();
  const std::size_t before = told().size();
  engine().run("new");
  engine().rename(changes, "changed");
  engine().restart(web);
  engine().remove(ends);
  pass(look_period);
  EXPECT_THAT(told_since(before),
              ElementsAre("stopped ends live", "stopped web live", "updated changed live",
                          "started new live", "started web live"));
}

TEST_P(HostLooks, ARestartOnTheSamePortIsStoppedAndStarted) {
  const pid_t first = host().start("/usr/bin/web");
  host().listen(first, 80);
  watch_synced();
  host().end(first);
  const pid_t second = host().start("/usr/bin/web");
  host().listen(second, 80);
  pass(look_period);
  EXPECT_THAT(told(), ElementsAre("started web initial", "stopped web live", "started web live"));
  host().end(second);
}

TEST_P(HostLooks, AreAPeriodApart) {
  watch_synced();
  engine().run("web");
  pass_until([this] { return fold().count("started") == 1; });
  engine().run("db");
  pass(look_period - 1ms);
  EXPECT_EQ(fold().count("started"), 1U);
  pass(1ms);
  EXPECT_EQ(fold().count("started"), 2U);
}

TEST_P(HostLooks, AreOneDumpEachWhileNothingChanges) {
  for (int i = 0; i < 10; ++i) engine().run("web");
  watch_synced();
  const auto walks = host().walks;
  const auto readings = host().readings;
  EXPECT_EQ(attempts_in(20 * look_period), 20U);
  EXPECT_EQ(host().walks, walks);
  EXPECT_EQ(host().readings, readings);
}

TEST_P(HostLooks, OfAListAreCompleteOrAnError) {
  engine().run("a");
  engine().run("b");
  for (const auto& [kind, fault] : {std::pair{ErrorKind::unavailable, ConnectFault::missing},
                                    std::pair{ErrorKind::denied, ConnectFault::denied},
                                    std::pair{ErrorKind::protocol, ConnectFault::not_this_api}}) {
    refuse(kind, fault);
    const auto listed = list();
    ASSERT_FALSE(listed.has_value());
    EXPECT_EQ(listed.error().kind, kind);
    EXPECT_EQ(listed.error().fault, fault);
    EXPECT_EQ(listed.error().endpoint, engine().endpoint());
    host().refusal.reset();
    EXPECT_THAT(*list(), SizeIs(2));
  }
}

TEST_P(HostLooks, AProcessThatEndsWhileItIsReadIsAbsent) {
  engine().run("a");
  const pid_t brief = host().start("/usr/bin/brief");
  host().listen(brief, 99);
  host().ends_after_the_dump = brief;
  const auto listed = list();
  ASSERT_TRUE(listed.has_value());
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(listed->front()->name, "a");
}

TEST_P(HostLooks, AProcessThatMayNotBeSeenIsListedWithANote) {
  const std::string id = engine().run("other");
  host().hidden.insert(script().pid_of(id));
  const auto listed = list();
  ASSERT_TRUE(listed.has_value());
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_THAT(listed->front()->problems, SizeIs(1));
  EXPECT_EQ(listed->front()->details->pid, 0);
}

TEST_P(HostLooks, ThatFailAreAnOutageThatBacksOffToTwoSeconds) {
  const std::string id = engine().run("a");
  watch_synced();
  script().env().chance = 0.999;
  engine().kill_engine();
  pass_until([this] { return fold().disconnected(); });
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected"));
  EXPECT_EQ(attempts_in(3100ms), 5U);  // after 0.1, 0.2, 0.4, 0.8, 1.6 s
  EXPECT_EQ(attempts_in(20s), 10U);
  engine().remove(id);
  engine().start_engine();
  pass(2s);
  EXPECT_THAT(told(), ElementsAre("started a initial", "backend_disconnected", "stopped a resync",
                                  "backend_reconnected"));
}

TEST_P(HostLooks, ADenialIsSaidOnceAndAskedAgainSeldom) {
  std::vector<std::string> log;
  make_backend({.log = [&log](LogLevel, std::string_view line) { log.emplace_back(line); }});
  refuse(ErrorKind::denied, ConnectFault::denied);
  watch();
  EXPECT_LE(attempts_in(10min), 600U);
  EXPECT_THAT(log, SizeIs(1));
  host().refusal.reset();
  ASSERT_TRUE(wait_for_count("backend_reconnected", 1));
}

TEST_P(HostLooks, TellNothingOfWhatIsNotCompared) {
  const std::string id = engine().run("a");
  watch_synced();
  pass(1h);
  EXPECT_EQ(history(id), "started");
}

TEST_P(HostLooks, FindAProcessThatBecameAnotherProgramWithTheNextList) {
  const std::string id = engine().run("before");
  watch_synced();
  Process& process = host().at(script().pid_of(id));
  process.executable = "/usr/bin/after";
  process.comm = "after";
  pass(8min);
  EXPECT_EQ(history(id), "started");
  pass(5min);
  EXPECT_EQ(history(id), "started updated");
}

TEST_P(HostLooks, LeaveOutWhatAnotherBackendBeginsToList) {
  const pid_t proxy = host().start("/usr/bin/docker-proxy");
  host().listen(proxy, 8080);
  watch_synced();
  EXPECT_THAT(told(), ElementsAre("started docker-proxy initial"));
  script().listed_elsewhere = {RuntimeBackendKind::docker};
  pass(look_period);
  EXPECT_THAT(told(), ElementsAre("started docker-proxy initial", "stopped docker-proxy live"));
  EXPECT_THAT(fold().running(), IsEmpty());
}

TEST_P(HostLooks, OfForkedWorkersAreOneInstanceThatAnotherLeadsWhenTheMasterEnds) {
  const std::string id = engine().run("server");
  const pid_t master = script().pid_of(id);
  const pid_t worker = host().fork(master);
  watch_synced();
  EXPECT_THAT(told(), ElementsAre("started server initial"));
  engine().remove(id);
  pass(look_period);
  EXPECT_THAT(told(),
              ElementsAre("started server initial", "stopped server live", "started server live"));
  host().end(worker);
  pass(look_period);
  EXPECT_THAT(fold().running(), IsEmpty());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HostLooks);  // if another backend is chosen
INSTANTIATE_TEST_SUITE_P(Each, HostLooks, testing::ValuesIn(chosen("host_scripted")), name_of);

}  // namespace
}  // namespace rollcall::conformance
