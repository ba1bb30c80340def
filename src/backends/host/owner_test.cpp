#include "backends/host/owner.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace rollcall::host {
namespace {

using Kind = RuntimeBackendKind;
using Paths = std::vector<std::string>;

const std::string id(64, 'a');
const std::string short_id(12, 'a');

TEST(Owner, OfAContainerIsItsRuntime) {
  struct Row {
    std::string path;
    Kind runtime;
    std::string group;
  };
  const std::vector<Row> rows = {
      {"/system.slice/docker-" + id + ".scope", Kind::docker, "docker/" + short_id},
      {"/docker/" + id, Kind::docker, "docker/" + short_id},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope",
       Kind::docker, "docker/" + short_id},
      {"/machine.slice/libpod-" + id + ".scope/container", Kind::podman, "podman/" + short_id},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope",
       Kind::podman, "podman/" + short_id},
      {"/machine.slice/libpod-conmon-" + id + ".scope", Kind::podman, "podman/" + short_id},
      {"/libpod_parent/libpod-" + id, Kind::podman, "podman/" + short_id},
      {"/kubepods.slice/kubepods-besteffort.slice/cri-containerd-" + id + ".scope",
       Kind::kubernetes, "kubernetes"},
      {"/kubepods/burstable/pod12/" + id, Kind::kubernetes, "kubernetes"},
      {"/lxc.payload.web/system.slice/ssh.service", Kind::incus, "incus/web"},
      {"/lxc.monitor.web", Kind::incus, "incus/web"},
      {"/lxc/web", Kind::incus, "incus/web"},
  };
  for (const Row& row : rows) {
    const Owner owner = owner_by_cgroup(Paths{row.path});
    EXPECT_EQ(owner.runtime, row.runtime) << row.path;
    EXPECT_EQ(owner.group, row.group) << row.path;
  }
}

TEST(Owner, OfAServiceIsSystemd) {
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/ssh.service"}),
            (Owner{.runtime = Kind::systemd, .group = "ssh.service"}));
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/system-getty.slice/getty@tty1.service/sub"}),
            (Owner{.runtime = Kind::systemd, .group = "getty@tty1.service"}));
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/docker.service"}),
            (Owner{.runtime = Kind::systemd, .group = "docker.service"}));
  EXPECT_EQ(
      owner_by_cgroup(Paths{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service"}),
      (Owner{.runtime = Kind::systemd, .of_user_manager = true, .group = "web.service"}));
}

TEST(Owner, OfAServiceWhoseGroupIsEscapedHasItsOwnName) {
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/_cpu.service"}),
            (Owner{.runtime = Kind::systemd, .group = "cpu.service"}));
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/__web.service"}),
            (Owner{.runtime = Kind::systemd, .group = "_web.service"}));
}

TEST(Owner, OfASessionIsNobodyButItHasAGroup) {
  EXPECT_EQ(owner_by_cgroup(Paths{"/user.slice/user-1000.slice/session-3.scope"}),
            (Owner{.group = "session-3.scope"}));
  EXPECT_EQ(owner_by_cgroup(
                Paths{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-term-12.scope"}),
            (Owner{.group = "app-term-12.scope"}));
  EXPECT_EQ(owner_by_cgroup(Paths{"/machine.slice/machine-qemu.scope"}),
            (Owner{.group = "machine-qemu.scope"}));
}

TEST(Owner, IsNobodyWhereNothingTells) {
  for (const char* path : {"", "/", "/docker", "/docker/buildx", "/system.slice", "/lxc",
                           "/libpod-short.slice", "/jobs/docker-compose"}) {
    EXPECT_EQ(owner_by_cgroup(Paths{path}), Owner{}) << path;
  }
  EXPECT_EQ(owner_by_cgroup({}), Owner{});
}

TEST(Owner, OfNestedOnesTheOutermostCountsAndAContainerBeatsAService) {
  EXPECT_EQ(owner_by_cgroup(Paths{"/docker/" + id + "/kubelet/kubepods/pod1"}).runtime,
            Kind::docker);
  EXPECT_EQ(owner_by_cgroup(Paths{"/lxc.payload.c1/system.slice/docker-" + id + ".scope"}).runtime,
            Kind::incus);
  EXPECT_EQ(owner_by_cgroup(Paths{"/system.slice/ssh.service", "/docker/" + id}).runtime,
            Kind::docker);
  EXPECT_EQ(owner_by_cgroup(Paths{"/", "/system.slice/ssh.service"}).group, "ssh.service");
}

TEST(Owner, OfAHelperIsTheRuntimeItListensFor) {
  EXPECT_EQ(owner_by_program("docker-proxy", Paths{})->runtime, Kind::docker);
  EXPECT_EQ(owner_by_program("rootlessport", Paths{})->runtime, Kind::podman);
  EXPECT_EQ(owner_by_program("conmon", Paths{})->runtime, Kind::podman);
  EXPECT_EQ(owner_by_program("slirp4netns", Paths{})->runtime, Kind::podman);
  EXPECT_EQ(owner_by_program("pasta.avx2", Paths{})->runtime, Kind::podman);
  EXPECT_EQ(owner_by_program("lxd", Paths{"lxd", "forkproxy", "--"})->runtime, Kind::incus);
  EXPECT_EQ(owner_by_program("kube-proxy", Paths{})->runtime, Kind::kubernetes);
  EXPECT_EQ(owner_by_program("lxd", Paths{"lxd", "--group", "lxd"}), std::nullopt);
  EXPECT_EQ(owner_by_program("dockerd", Paths{}), std::nullopt);
  EXPECT_EQ(owner_by_program("nginx", Paths{}), std::nullopt);
}

}  // namespace
}  // namespace rollcall::host
