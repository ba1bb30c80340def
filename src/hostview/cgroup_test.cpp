#include "hostview/cgroup.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temp_folder.hpp"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CgroupMount mount(std::string controllers, std::string folder) {
  return {.controllers = std::move(controllers), .folder = std::move(folder)};
}

constexpr std::string_view hybrid =
    "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup "
    "rw,xattr,release_agent=/lib/agent,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(CgroupMounts, VersionTwoComesFirstThenSystemd) {
  EXPECT_THAT(parse_cgroup_mounts(hybrid),
              ElementsAre(mount("", "/sys/fs/cgroup/unified"),
                          mount("name=systemd", "/sys/fs/cgroup/systemd"),
                          mount("cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct")));
}

TEST(CgroupMounts, OneOfEachHierarchyAndSpacesInPaths) {
  EXPECT_THAT(parse_cgroup_mounts("41 31 0:38 / /sys/fs/my\\040cgroups rw - cgroup2 none rw\n"
                                  "42 31 0:38 / /mnt/again rw - cgroup2 none rw\n"),
              ElementsAre(mount("", "/sys/fs/my cgroups")));
}

TEST(CgroupMounts, WhatIsNotUnderstoodIsLeftOut) {
  EXPECT_THAT(parse_cgroup_mounts(""), IsEmpty());
  EXPECT_THAT(parse_cgroup_mounts("- - -\n41 31 0:38 / /x\n\n41 31 0:38 / /x rw - cgroup2\n"),
              IsEmpty());
}

TEST(TellingCgroup, OnAllVersions) {
  const CgroupMembership root_of_2{.controllers = "", .path = "/"};
  const CgroupMembership of_2{.controllers = "", .path = "/two"};
  const CgroupMembership systemd{.controllers = "name=systemd", .path = "/one"};
  const CgroupMembership root_of_pids{.controllers = "pids", .path = "/"};
  const CgroupMembership memory{.controllers = "memory", .path = "/mem"};
  EXPECT_EQ(telling_cgroup({systemd, memory, of_2}), "/two");
  EXPECT_EQ(telling_cgroup({memory, root_of_2, systemd}), "/one");
  EXPECT_EQ(telling_cgroup({root_of_pids, memory, root_of_2}), "/mem");
  EXPECT_EQ(telling_cgroup({root_of_pids, root_of_2}), "/");
  EXPECT_EQ(telling_cgroup({}), "/");
}

TEST(IsWithin, ByWholeNames) {
  EXPECT_TRUE(is_within("/a/b", "/a/b"));
  EXPECT_TRUE(is_within("/a/b/c", "/a/b"));
  EXPECT_TRUE(is_within("/a", "/"));
  EXPECT_FALSE(is_within("/a/bc", "/a/b"));
  EXPECT_FALSE(is_within("/a", "/a/b"));
}

class FakeTree : public testing::Test {
 protected:
  FakeTree() {
    folder_.write("v2/cgroup.procs", "1\n");
    folder_.write("v2/system.slice/web.service/cgroup.procs", "30\n20\n0\n");
    folder_.write("v2/system.slice/web.service/worker/cgroup.procs", "25\n");
    folder_.write("v2/empty/cgroup.procs", "");
    folder_.write("v1/empty/cgroup.procs", "70\n");
    folder_.write("v1/docker/0123abcd/cgroup.procs", "80\n");
  }

  [[nodiscard]] std::uint64_t id_of(const std::string& path) const {
    struct stat found{};
    EXPECT_EQ(::stat((folder_.path() / path).c_str(), &found), 0);
    return found.st_ino;
  }
  [[nodiscard]] CgroupTree tree() const {
    return CgroupTree({mount("", folder_.path() / "v2"), mount("pids", folder_.path() / "v1")});
  }

  support::TempFolder folder_;
};

TEST_F(FakeTree, FindsAPathByItsId) {
  auto groups = tree();
  EXPECT_EQ(groups.path_of(id_of("v2/system.slice/web.service")), "/system.slice/web.service");
  EXPECT_EQ(groups.path_of(id_of("v2")), "/");
  EXPECT_EQ(groups.path_of(id_of("v1/empty")), std::nullopt);
}

TEST_F(FakeTree, FindsOneThatWasMadeLater) {
  auto groups = tree();
  EXPECT_EQ(groups.path_of(id_of("v2")), "/");
  folder_.write("v2/new.scope/cgroup.procs", "");
  EXPECT_EQ(groups.path_of(id_of("v2/new.scope")), "/new.scope");
}

TEST_F(FakeTree, WithoutVersionTwoNoIdMeansAnything) {
  CgroupTree groups({mount("pids", folder_.path() / "v1")});
  EXPECT_EQ(groups.path_of(id_of("v1/empty")), std::nullopt);
  EXPECT_EQ(CgroupTree({}).path_of(1), std::nullopt);
}

TEST_F(FakeTree, MembersAreThoseOfTheGroupsBelowToo) {
  EXPECT_THAT(tree().members("/system.slice/web.service"), ElementsAre(20, 25, 30));
  EXPECT_THAT(tree().members("/nowhere"), IsEmpty());
}

TEST_F(FakeTree, OnHybridHostsAVersionOneHierarchyMayHaveTheMembers) {
  EXPECT_THAT(tree().members("/empty"), ElementsAre(70));
}

TEST_F(FakeTree, FindsAContainersGroupByItsId) {
  EXPECT_THAT(tree().named("0123abcd"), ElementsAre("/docker/0123abcd"));
  EXPECT_THAT(tree().named("web.service"), ElementsAre("/system.slice/web.service"));
  EXPECT_THAT(tree().named("nobody"), IsEmpty());
}

}  // namespace
}  // namespace rollcall
