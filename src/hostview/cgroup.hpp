// Control groups: version 1, version 2, and both side by side (cgroups(7)).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "hostview/process_table.hpp"

namespace rollcall {

/// Where a hierarchy of control groups is mounted.
struct CgroupMount {
  std::string controllers;  ///< As in CgroupMembership: empty for version 2.
  std::string folder;

  friend bool operator==(const CgroupMount&, const CgroupMount&) = default;
};

/// The hierarchies in /proc/PID/mountinfo: version 2 first, then name=systemd, then the others.
/// Pure.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);

/// The most specific path of a process: that of version 2, else of systemd's own hierarchy, else of
/// any other; "/" only if all are.
std::string_view telling_cgroup(const std::vector<CgroupMembership>& memberships) noexcept;

/// Whether the path is that group, or below it.
bool is_within(std::string_view path, std::string_view group) noexcept;

/// The original name of a control group of systemd, from a component of its path. systemd puts "_"
/// before a name that could be mistaken for a file of the kernel: "_cpu.service" (systemd 252,
/// src/basic/cgroup-util.c).
std::string_view unescaped_group(std::string_view component) noexcept;

/// The directories of control groups. Blocking; caches only resolved ids.
class CgroupTree {
 public:
  /// `mounts`: the result of parse_cgroup_mounts.
  explicit CgroupTree(std::vector<CgroupMount> mounts) : mounts_(std::move(mounts)) {}

  /// The path of a version 2 group by its id, which is the inode of its directory; nullopt if it
  /// was removed or lies outside of the mount. An unknown id makes this read all ids that exist.
  [[nodiscard]] std::optional<std::string> path_of(std::uint64_t id);

  /// The processes of the group and of those below it, sorted; from the first hierarchy that has
  /// any. Needs no privilege.
  [[nodiscard]] std::vector<pid_t> members(std::string_view path) const;

  /// The paths of all groups with this text in the name of their directory, in the first hierarchy
  /// that has any. Finds the group of a container by its id.
  [[nodiscard]] std::vector<std::string> named(std::string_view text) const;

 private:
  void read_paths();

  std::vector<CgroupMount> mounts_;
  std::map<std::uint64_t, std::string> paths_;  // of version 2
  std::set<std::uint64_t> gone_;                // Ids that were not found: they are never reused.
};

}  // namespace rollcall
