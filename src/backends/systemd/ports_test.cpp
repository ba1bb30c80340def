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
  book_.set_root("/lxc/c1");
  EXPECT_THAT(ports("/system.slice/web.service"), ElementsAre(80));
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
