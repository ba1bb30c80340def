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

#include "transport/process_table.hpp"

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

/// The path that says the most about a process: of version 2, else of systemd's own hierarchy, else
/// of any other; "/" only if all are.
std::string_view telling_cgroup(const std::vector<CgroupMembership>& memberships) noexcept;

/// Whether the path is that group, or below it.
bool is_within(std::string_view path, std::string_view group) noexcept;

/// The folders of control groups. Blocking; keeps only the ids that it has resolved.
class CgroupTree {
 public:
  /// `mounts` as parse_cgroup_mounts gives them.
  explicit CgroupTree(std::vector<CgroupMount> mounts) : mounts_(std::move(mounts)) {}

  /// The path of a version 2 group by its id, which is the inode of its folder; nothing if it was
  /// removed or lies outside of what is mounted. All ids that exist are read when one is not known.
  [[nodiscard]] std::optional<std::string> path_of(std::uint64_t id);

  /// The processes in the group and in those below it, sorted; of the first hierarchy in which
  /// there are any. Needs no privilege.
  [[nodiscard]] std::vector<pid_t> members(std::string_view path) const;

  /// The paths of all groups with this text in the name of their folder, in the first hierarchy
  /// that has any: where a container engine has put the container with that id.
  [[nodiscard]] std::vector<std::string> named(std::string_view text) const;

 private:
  void read_paths();

  std::vector<CgroupMount> mounts_;
  std::map<std::uint64_t, std::string> paths_;  // of version 2
  std::set<std::uint64_t> gone_;  // not found; ids are never used again, so they never will be
};

}  // namespace rollcall
