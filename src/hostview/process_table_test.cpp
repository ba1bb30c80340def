#include "hostview/process_table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "support/temp_folder.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::string stat_line(int pid, std::string_view comm, int start_ticks) {
  return fmt::format("{} ({}) S 1 {} 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {} 1 2 3\n", pid,
                     comm, pid, start_ticks);
}

class FakeProc : public testing::Test {
 protected:
  FakeProc() {
    proc_.write("stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 3\n");
    proc_.write("passwd", "root:x:0:0::/root:/bin/sh\nodd\nwww:x:33:33::/var/www:/bin/sh\n");
    proc_.write("cpuinfo", "not a process");
  }

  void add(int pid, std::string_view comm = "server", int start_ticks = 250) {
    proc_.write(fmt::format("{}/stat", pid), stat_line(pid, comm, start_ticks));
    proc_.write(fmt::format("{}/status", pid), "Uid:\t0\t0\t0\t0\n");
  }
  void open_socket(int pid, int fd, int inode) {
    proc_.link(fmt::format("{}/fd/{}", pid, fd), fmt::format("socket:[{}]", inode));
  }
  [[nodiscard]] ProcessTable table() const {
    return ProcessTable(proc_.path(), proc_.path() / "passwd");
  }

  support::TempFolder proc_;
};

TEST_F(FakeProc, TellsAllOfAProcess) {
  add(42, "nginx", static_cast<int>(2 * ::sysconf(_SC_CLK_TCK)));
  proc_.write("42/status", "Name:\tnginx\nUmask:\t0022\nUid:\t0\t33\t0\t0\nGid:\t0\t0\t0\t0\n");
  proc_.write("42/cmdline", std::string_view("/usr/sbin/nginx\0-g\0daemon off;\0", 31));
  proc_.write("42/cgroup", "1:name=systemd:/a\n0::/system.slice/nginx.service\n");
  proc_.link("42/exe", "/usr/sbin/nginx");
  proc_.link("42/ns/net", "net:[4026531840]");
  const auto process = table().process(42);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->pid, 42);
  EXPECT_EQ(process->comm, "nginx");
  EXPECT_EQ(process->parent, 1);
  EXPECT_EQ(process->session, 77);
  EXPECT_EQ(process->started_at, Timestamp(1700000002s));
  EXPECT_EQ(process->executable, "/usr/sbin/nginx");
  EXPECT_THAT(process->arguments, ElementsAre("/usr/sbin/nginx", "-g", "daemon off;"));
  EXPECT_EQ(process->uid, 33U);
  EXPECT_EQ(process->user, "www");
  EXPECT_THAT(
      process->cgroups,
      ElementsAre(CgroupMembership{.controllers = "name=systemd", .path = "/a"},
                  CgroupMembership{.controllers = "", .path = "/system.slice/nginx.service"}));
  EXPECT_EQ(process->network_namespace, 4026531840U);
}

TEST_F(FakeProc, TellsWhatMayBeReadOfOne) {
  add(42);
  proc_.write("42/status", "Uid:\t1000\t1000\t1000\t1000\n");
  const auto process = table().process(42);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->user, "1000");
  EXPECT_EQ(process->executable, "");
  EXPECT_EQ(process->network_namespace, 0U);
  EXPECT_THAT(process->arguments, IsEmpty());
}

TEST_F(FakeProc, TellsWhereOneIs) {
  proc_.write("42/cgroup", "0::/a.slice\n");
  ProcessPlace told;
  told.cgroups = {{.controllers = "", .path = "/a.slice"}};
  EXPECT_EQ(table().place(42), told) << "what may not be read is left out";
  proc_.link("42/exe", "/usr/sbin/nginx");
  proc_.link("42/ns/net", "net:[7]");
  told.executable = "/usr/sbin/nginx";
  told.network_namespace = 7;
  EXPECT_EQ(table().place(42), told);
  proc_.write("thread-self/cgroup", "0::/own\n");
  EXPECT_EQ(table().place(0)->cgroups.front().path, "/own");
}

TEST_F(FakeProc, OneThatHasEndedIsAbsent) {
  EXPECT_EQ(table().place(42), std::nullopt);
  EXPECT_EQ(table().process(42), std::nullopt);
  EXPECT_EQ(table().identity(42), std::nullopt);
  proc_.write("43/stat", "");
  EXPECT_EQ(table().process(43), std::nullopt);
}

TEST_F(FakeProc, OneThatEndsWhileItIsReadIsAbsent) {
  proc_.write("42/stat", stat_line(42, "server", 250));
  EXPECT_NE(table().identity(42), std::nullopt);
  EXPECT_EQ(table().process(42), std::nullopt);
}

TEST_F(FakeProc, ListsProcessesInOrder) {
  for (const int pid : {300, 20, 1}) add(pid);
  EXPECT_THAT(table().pids(), ElementsAre(1, 20, 300));
}

TEST_F(FakeProc, LongArgumentsAreCutAndTitlesHaveNoTail) {
  add(42);
  proc_.write("42/cmdline", std::string(100'000, 'x'));
  EXPECT_EQ(table().process(42)->arguments.front().size(), 16'384U);
  proc_.write("42/cmdline", "server: working" + std::string(50, '\0'));
  EXPECT_THAT(table().process(42)->arguments, ElementsAre("server: working"));
}

TEST_F(FakeProc, ForeignBytesBecomeText) {
  add(42, "a\xff");
  proc_.write("42/cmdline", "\xfe");
  const auto process = table().process(42);
  EXPECT_EQ(process->comm, "a\xef\xbf\xbd");
  EXPECT_THAT(process->arguments, ElementsAre("\xef\xbf\xbd"));
}

TEST_F(FakeProc, FindsHoldersInOnePass) {
  for (const int pid : {10, 11, 12}) add(pid);
  open_socket(10, 3, 100);
  open_socket(11, 3, 100);  // forked
  open_socket(11, 4, 100);  // dup
  open_socket(11, 5, 200);
  open_socket(12, 3, 999);  // not asked for
  proc_.link("12/fd/4", "/var/log/socket:[200]");
  proc_.link("12/fd/5", "pipe:[200]");
  const std::vector<std::uint64_t> inodes = {100, 200, 300};
  const auto found = table().holders(inodes, table().pids());
  EXPECT_THAT(found.by_inode,
              ElementsAre(Pair(100, ElementsAre(10, 11)), Pair(200, ElementsAre(11))));
  EXPECT_EQ(found.unreadable, 0U);
}

TEST_F(FakeProc, AProcessThatEndsMeanwhileHoldsNothing) {
  const std::vector<std::uint64_t> inodes = {100};
  const std::vector<pid_t> pids = {777};
  const auto found = table().holders(inodes, pids);
  EXPECT_THAT(found.by_inode, IsEmpty());
  EXPECT_EQ(found.unreadable, 0U);
}

TEST_F(FakeProc, GoesThroughManyDescriptors) {
  add(10);
  for (int fd = 0; fd < 5000; ++fd) open_socket(10, fd, 10'000 + fd);
  std::vector<std::uint64_t> inodes(5000);
  std::ranges::generate(inodes,
                        [next = 10'000]() mutable { return static_cast<unsigned>(next++); });
  EXPECT_EQ(table().holders(inodes, table().pids()).by_inode.size(), 5000U);
}

TEST(ParseStat, NamesHoldAnything) {
  const std::pair<std::string, std::string> cases[] = {
      {"nginx", "nginx"},
      {"a b", "a b"},
      {"(sd-pam)", "(sd-pam)"},
      {") S 9 9 (", ") S 9 9 ("},
      {"x\\ny", "x\ny"},
      {"back\\\\slash", "back\\slash"},
      {"", ""},
  };
  for (const auto& [written, meant] : cases) {
    const auto identity = parse_stat(stat_line(42, written, 7));
    ASSERT_TRUE(identity.has_value()) << written;
    EXPECT_EQ(identity->comm, meant);
    EXPECT_EQ(identity->pid, 42);
    EXPECT_EQ(identity->start_ticks, 7U);
  }
}

TEST(ParseStat, EveryPrefixIsRefusedUpToTheStart) {
  const auto line = stat_line(42, "a) b", 250);
  const auto needed = line.find(" 250") + 2;
  for (std::size_t size = 0; size < needed; ++size) {
    EXPECT_EQ(parse_stat(std::string_view(line).substr(0, size)), std::nullopt) << size;
  }
  for (const auto* wrong : {"(a) S 1", "x (a) S 1 2 3", ")(", "42 a S"}) {
    EXPECT_EQ(parse_stat(wrong), std::nullopt) << wrong;
  }
}

TEST(ParseCgroups, OfAllVersions) {
  EXPECT_THAT(parse_cgroups("12:cpu,cpuacct:/docker/ab\n1:name=systemd:/a:b\n0::/c\nrubbish\n"),
              ElementsAre(CgroupMembership{.controllers = "cpu,cpuacct", .path = "/docker/ab"},
                          CgroupMembership{.controllers = "name=systemd", .path = "/a:b"},
                          CgroupMembership{.controllers = "", .path = "/c"}));
  EXPECT_THAT(parse_cgroups(""), IsEmpty());
}

TEST(ParseSocketLink, OnlySockets) {
  EXPECT_EQ(parse_socket_link("socket:[123]"), 123U);
  for (const auto* other : {"socket:[]", "socket:[12", "socket:[1x]", "pipe:[1]", "", "socket:[-1]",
                            "socket:[99999999999999999999999]"}) {
    EXPECT_EQ(parse_socket_link(other), std::nullopt) << other;
  }
}

TEST_F(FakeProc, OfOneWithMoreDescriptorsThanAreLookedAtTheOwnerIsNotKnown) {
  add(42);
  add(43);
  open_socket(43, 3, 7);
  constexpr std::array<std::uint64_t, 1> inodes = {7};
  constexpr std::array<pid_t, 2> pids = {42, 43};
  const auto most = static_cast<int>(budget::process_descriptors);
  for (int fd = 0; fd < most; ++fd) open_socket(42, fd, 1'000'000 + fd);
  EXPECT_EQ(table().holders(inodes, pids).unreadable, 0U);
  open_socket(42, most, 5);
  const auto found = table().holders(inodes, pids);
  EXPECT_EQ(found.unreadable, 1U);
  EXPECT_THAT(found.by_inode, ElementsAre(Pair(7, ElementsAre(43))));
}

}  // namespace
}  // namespace rollcall
