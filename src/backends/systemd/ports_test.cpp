#include "backends/systemd/ports.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_host.hpp"

namespace rollcall::systemd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PortBookTest : public testing::Test {
 protected:
  pid_t listener(const std::string& group, std::uint16_t port) {
    const pid_t pid = host_->start("/usr/bin/server");
    host_->at(pid).cgroups = {{.controllers = "", .path = group}};
    host_->listen(pid, port);
    return pid;
  }

  /// Makes a process in that group the manager, which states "/" for itself.
  void manager(const std::string& group) {
    const pid_t pid = host_->start("/lib/systemd/systemd");
    host_->at(pid).cgroups = {{.controllers = "", .path = group}};
    book_.set_manager("/", pid);
  }

  std::vector<std::string> look() {
    const auto changed = book_.look();
    EXPECT_TRUE(changed.has_value());
    return changed.value_or(std::vector<std::string>());
  }

  std::vector<std::uint16_t> ports(std::string_view group) {
    std::vector<std::uint16_t> all;
    for (const PortMapping& port : book_.of_group(group)) all.push_back(port.container_port);
    return all;
  }

  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  PortBook book_{host_};
};

TEST_F(PortBookTest, AGroupHasItsOwnAndThoseBelow) {
  listener("/a.slice/web.service", 80);
  listener("/a.slice/web.service/sub", 81);
  listener("/a.slice/web.service2", 82);
  look();
  EXPECT_THAT(ports("/a.slice/web.service"), ElementsAre(80, 81));
  EXPECT_THAT(ports("/a.slice"), ElementsAre(80, 81, 82));
  EXPECT_THAT(ports("/b.slice"), IsEmpty());
}

TEST_F(PortBookTest, TheRootIsNobodys) {
  listener("/", 80);
  look();
  EXPECT_THAT(ports("/"), IsEmpty());
  EXPECT_THAT(ports(""), IsEmpty());
}

TEST_F(PortBookTest, ALookTellsTheGroupsThatChanged) {
  const pid_t web = listener("/web.service", 80);
  listener("/db.service", 5432);
  EXPECT_THAT(look(), ElementsAre("/db.service", "/web.service"));
  EXPECT_THAT(look(), IsEmpty());
  host_->end(web);
  EXPECT_THAT(look(), ElementsAre("/web.service"));
  listener("/new.service", 81);
  EXPECT_THAT(look(), ElementsAre("/new.service"));
}

TEST_F(PortBookTest, AKernelThatRefusesLeavesWhatWasSeen) {
  listener("/web.service", 80);
  look();
  host_->refusal = RuntimeError{.kind = ErrorKind::denied};
  EXPECT_FALSE(book_.look().has_value());
  EXPECT_THAT(ports("/web.service"), ElementsAre(80));
}

TEST_F(PortBookTest, AManagerInAContainerTellsGroupsOfItsOwnTree) {
  listener("/lxc/c1/system.slice/web.service", 80);
  look();
  EXPECT_THAT(ports("/system.slice/web.service"), IsEmpty());
  manager("/lxc/c1/init.scope");
  EXPECT_THAT(ports("/system.slice/web.service"), ElementsAre(80));
}

class LocateTest : public PortBookTest {
 protected:
  LocateTest() { host_->own_place.network_namespace = ours; }

  pid_t process(const std::string& group, std::uint64_t network,
                const std::string& executable = "/usr/bin/server") {
    const pid_t pid = host_->start(executable);
    host_->at(pid).cgroups = {{.controllers = "", .path = group}};
    host_->at(pid).network_namespace = network;
    return pid;
  }

  static UnitProperties only(pid_t pid) {
    UnitProperties unit;
    unit.main_pid = pid;
    return unit;
  }

  UnitProperties located(pid_t pid) {
    UnitProperties unit = only(pid);
    book_.locate("web.service", unit);
    return unit;
  }

  static constexpr std::uint64_t ours = 4026531840;
  static constexpr std::uint64_t other = 4026532000;
};

TEST_F(LocateTest, AMainProcessTellsTheGroupAndThatTheNetworkIsOurs) {
  manager("/lxc/c1/init.scope");
  const UnitProperties unit = located(process("/lxc/c1/a.slice/web.service/sub", ours));
  EXPECT_EQ(unit.control_group, "/a.slice/web.service");
  EXPECT_EQ(unit.private_network, false);
}

TEST_F(LocateTest, WhatItDoesNotTellStaysUnknown) {
  const pid_t early = process("/web.service", ours);
  EXPECT_EQ(located(early), only(early)) << "whose manager is not known";
  manager("/system.slice/dbus.service");
  EXPECT_EQ(located(process("/web.service", ours)).control_group, std::nullopt) << "another's";
  manager("/init.scope");
  const UnitProperties elsewhere = located(process("/web.service", other));
  EXPECT_EQ(elsewhere.control_group, "/web.service");
  EXPECT_EQ(elsewhere.private_network, std::nullopt) << "it may have joined another's";
  EXPECT_EQ(located(process("/web.service", 0)).private_network, std::nullopt) << "unreadable";
  const pid_t foreign = process("/db.service", ours);
  EXPECT_EQ(located(foreign), only(foreign)) << "a number given anew";
  EXPECT_EQ(located(4), only(4)) << "it has ended";
  EXPECT_EQ(located(0), only(0)) << "it has none";
}

TEST_F(LocateTest, AProcessThatIsStillBeingPreparedMayGetANetworkOfItsOwn) {
  manager("/init.scope");
  for (const char* own : {"/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-executor", ""}) {
    const UnitProperties unit = located(process("/web.service", ours, own));
    EXPECT_EQ(unit.control_group, "/web.service");
    EXPECT_EQ(unit.private_network, std::nullopt) << own;
  }
}

TEST_F(LocateTest, WhereWeAreMustBeKnown) {
  host_->own_place.network_namespace = 0;
  manager("/init.scope");
  EXPECT_EQ(located(process("/web.service", 0)).private_network, std::nullopt);
}

TEST_F(LocateTest, WhatIsKnownIsNotLookedAtAgain) {
  manager("/init.scope");
  UnitProperties unit;
  unit.main_pid = process("/web.service", ours);
  unit.control_group = "/moved/web.service";
  unit.private_network = true;
  const UnitProperties before = unit;
  book_.locate("web.service", unit);
  EXPECT_EQ(unit, before);
}

TEST(GroupOfUnit, IsTheFirstOfItsNameBelowTheManager) {
  EXPECT_EQ(group_of_unit("/a.slice/web.service", "", "web.service"), "/a.slice/web.service");
  EXPECT_EQ(group_of_unit("/web.service/x/web.service", "", "web.service"), "/web.service");
  EXPECT_EQ(group_of_unit("/web.service/x/web.service", "/web.service", "web.service"),
            "/web.service/x/web.service");
  EXPECT_EQ(group_of_unit("/a.slice/_cpu.service", "", "cpu.service"), "/a.slice/_cpu.service");
  EXPECT_EQ(group_of_unit("/a.slice/__x.service", "", "_x.service"), "/a.slice/__x.service");
  EXPECT_EQ(group_of_unit("/web.service2", "", "web.service"), "");
  EXPECT_EQ(group_of_unit("/c10/web.service", "/c1", "web.service"), "");
  EXPECT_EQ(group_of_unit("/c1", "/c1", "web.service"), "");
  EXPECT_EQ(group_of_unit("/", "", "web.service"), "");
  EXPECT_EQ(group_of_unit("", "", "web.service"), "");
}

TEST(RootOfGroups, IsWhatComesBeforeTheManagersOwn) {
  EXPECT_EQ(root_of_groups("/", "/init.scope"), "");
  EXPECT_EQ(root_of_groups("", "/init.scope"), "");
  EXPECT_EQ(root_of_groups("/", "/lxc/c1/init.scope"), "/lxc/c1");
  EXPECT_EQ(root_of_groups("/user.slice/user@1.service", "/user.slice/user@1.service/init.scope"),
            "");
  EXPECT_EQ(
      root_of_groups("/user.slice/user@1.service", "/c1/user.slice/user@1.service/init.scope"),
      "/c1");
  EXPECT_EQ(root_of_groups("/", "/system.slice/dbus.service"), "") << "not the manager";
}

}  // namespace
}  // namespace rollcall::systemd
