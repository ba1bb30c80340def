#include "backends/host/grouping.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_host.hpp"

namespace rollcall::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Groups : public testing::Test {
 protected:
  std::vector<ListeningGroup> groups() {
    const auto seen = Listeners(host_).look();
    return grouped((*seen)->listeners, host_->processes());
  }

  /// The leader and the ports of each group, "nginx 80 443"; "- 80" if there is no leader.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (const ListeningGroup& group : groups()) {
      std::string line = group.leader ? group.leader->comm : "-";
      for (const Listener& it : group.listeners) line += " " + std::to_string(it.socket.port);
      lines.push_back(line);
    }
    return lines;
  }

  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
};

TEST_F(Groups, AreNoneWhereNothingListens) {
  host_->start("/bin/sh");
  EXPECT_THAT(groups(), IsEmpty());
}

TEST_F(Groups, HoldAllSocketsOfAProcess) {
  const pid_t nginx = host_->start("/usr/sbin/nginx");
  host_->listen(nginx, 80);
  host_->listen(nginx, 443);
  EXPECT_THAT(told(), ElementsAre("nginx 80 443"));
}

TEST_F(Groups, AreOneForForkedWorkersAndTheEldestLeads) {
  const pid_t master = host_->start("/usr/sbin/nginx");
  host_->listen(master, 80);
  const pid_t worker = host_->fork(master);
  host_->fork(master);
  host_->listen(worker, 81);
  const auto all = groups();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].leader->pid, master);
  EXPECT_EQ(all[0].listeners.size(), 2U);
}

TEST_F(Groups, AreLedByAWorkerWhoseMasterHasEnded) {
  const pid_t master = host_->start("/usr/sbin/nginx");
  host_->listen(master, 80);
  const pid_t worker = host_->fork(master);
  host_->fork(master);
  host_->end(master);
  EXPECT_EQ(groups().at(0).leader->pid, worker);
}

TEST_F(Groups, AreLedByTheParentOfTheSameClockTick) {
  const pid_t first = host_->start("/bin/x");
  host_->listen(first, 80);
  const pid_t second = host_->fork(first);
  host_->at(second).start_ticks = host_->at(first).start_ticks;
  EXPECT_EQ(groups().at(0).leader->pid, first);
}

TEST_F(Groups, AreOneForAParentAndItsChildOfOneProgram) {
  const pid_t parent = host_->start("/bin/server");
  host_->listen(parent, 80);
  const pid_t child = host_->start("/bin/server", {"/bin/server", "--worker"}, parent);
  host_->listen(child, 81);
  EXPECT_THAT(told(), ElementsAre("server 80 81"));
}

TEST_F(Groups, AreOneForChildrenThatShareAPort) {
  const pid_t supervisor = host_->start("/bin/supervisor");
  for (int i = 0; i < 3; ++i) {
    host_->listen(host_->start("/bin/haproxy", {}, supervisor), 80, i == 0 ? "::" : "0.0.0.0");
  }
  EXPECT_THAT(told(), ElementsAre("haproxy 80 80 80"));
}

TEST_F(Groups, AreTwoForUnrelatedPrograms) {
  host_->listen(host_->start("/bin/a"), 80);
  host_->listen(host_->start("/bin/b"), 80, "127.0.0.1");
  host_->listen(host_->start("/bin/b"), 81);
  EXPECT_THAT(told(), UnorderedElementsAre("a 80", "b 80", "b 81"));
}

TEST_F(Groups, AreTwoForTwoScriptsOfOneInterpreter) {
  const pid_t parent = host_->start("/usr/bin/python3", {"python3", "a.py"});
  host_->listen(parent, 80);
  host_->listen(host_->start("/usr/bin/python3", {"python3", "b.py"}, parent), 81);
  EXPECT_EQ(groups().size(), 2U);
}

TEST_F(Groups, DoNotUniteServicesWhoseSocketsAManagerHasPassedOn) {
  const pid_t systemd = host_->start("/usr/lib/systemd/systemd");
  host_->listen(systemd, 22);
  const pid_t ssh = host_->fork(systemd);
  host_->at(ssh).executable = "/usr/sbin/sshd";
  host_->at(ssh).comm = "sshd";
  host_->listen(systemd, 631);
  EXPECT_THAT(told(), UnorderedElementsAre("sshd 22", "systemd 631"));
}

TEST_F(Groups, OfSocketsWithoutAProcessAreByUserAndPort) {
  host_->listen_without_process(80, 33);
  host_->listen_without_process(80, 33);
  host_->listen_without_process(81, 33);
  host_->listen_without_process(80, 0);
  EXPECT_THAT(told(), UnorderedElementsAre("- 80 80", "- 81", "- 80"));
}

TEST_F(Groups, OfSocketsWithoutAProcessAreByTheUnitThatMadeThem) {
  host_->cgroup_paths[7] = "/system.slice/nginx.service";
  host_->listen_without_process(80, 0, 7);
  host_->listen_without_process(443, 0, 7);
  EXPECT_THAT(told(), ElementsAre("- 80 443"));
}

TEST_F(Groups, HaveAnIdOfTheRun) {
  const pid_t first = host_->start("/bin/a");
  host_->listen(first, 80);
  const std::string before = groups().at(0).id();
  EXPECT_EQ(before, std::to_string(first) + "@" + std::to_string(host_->at(first).start_ticks));
  EXPECT_EQ(groups().at(0).id(), before);
  host_->at(first).start_ticks += 100;
  EXPECT_NE(groups().at(0).id(), before);
}

TEST_F(Groups, AreNotOfAProcessThatHasEnded) {
  const pid_t a = host_->start("/bin/a");
  host_->listen(a, 80);
  const auto seen = Listeners(host_).look();
  const auto all = grouped((*seen)->listeners, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].leader.has_value());
}

}  // namespace
}  // namespace rollcall::host
