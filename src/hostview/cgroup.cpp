#include "hostview/cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "core/budgets.hpp"
#include "hostview/small_files.hpp"

namespace rollcall {
namespace {

constexpr std::size_t groups_limit =
    budget::cgroups;  // Per hierarchy; groups beyond it are not found.
constexpr std::size_t gone_limit = 4096;
constexpr std::size_t members_limit = budget::cgroup_members_bytes;
constexpr std::string_view of_systemd = "name=systemd";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  }
  return parts;
}

// mountinfo writes a space in a path as \040.
std::string unescaped(std::string_view path) {
  std::string result;
  for (std::size_t at = 0; at < path.size(); ++at) {
    unsigned code = 0;
    const char* const digits = path.data() + at + 1;
    if (path[at] == '\\' && at + 3 < path.size() &&
        std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3) {
      result.push_back(static_cast<char>(code));
      at += 3;
    } else {
      result.push_back(path[at]);
    }
  }
  return result;
}

// The options of a version 1 mount that name the hierarchy.
std::string controllers_of(std::string_view super_options) {
  std::string result;
  for (const auto option : split(super_options, ',')) {
    if (option == "rw" || option == "ro" || option == "xattr" || option == "noprefix" ||
        option == "clone_children" || option.starts_with("release_agent=")) {
      continue;
    }
    if (!result.empty()) result.push_back(',');
    result.append(option);
  }
  return result;
}

int rank(std::string_view controllers) {
  if (controllers.empty()) return 0;
  return controllers == of_systemd ? 1 : 2;
}

std::string child_of(std::string_view path, std::string_view name) {
  std::string result(path == "/" ? "" : path);
  result.push_back('/');
  result.append(name);
  return result;
}

struct Group {
  std::string path;
  std::uint64_t id = 0;
};

// Visits all groups below one, but not the group itself.
void for_each_below(const std::string& mount, const std::string& top,
                    const std::function<void(const Group&)>& visit) {
  std::vector<std::string> left = {top};
  std::size_t seen = 0;
  while (!left.empty() && seen < groups_limit) {
    const std::string path = std::move(left.back());
    left.pop_back();
    FolderReader folder(mount + path);
    while (const auto entry = folder.next()) {
      if (!entry->folder || entry->name == "." || entry->name == "..") continue;
      ++seen;
      Group group{.path = child_of(path, entry->name), .id = entry->inode};
      visit(group);
      left.push_back(std::move(group.path));
    }
  }
}

void add_members(const std::string& folder, std::vector<pid_t>& into) {
  const auto text = read_small_file(folder + "/cgroup.procs", members_limit).value_or("");
  for (const auto line : split(text, '\n')) {
    pid_t pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) into.push_back(pid);  // 0: in a pid namespace that cannot be seen from here.
  }
}

}  // namespace

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  for (const auto line : split(mountinfo, '\n')) {
    const auto fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 6 || fields.end() - dash < 4) continue;
    const auto type = dash[1];
    if (type != "cgroup" && type != "cgroup2") continue;
    CgroupMount mount{.controllers = type == "cgroup" ? controllers_of(dash[3]) : "",
                      .folder = unescaped(fields[4])};
    const auto same = [&](const CgroupMount& m) { return m.controllers == mount.controllers; };
    if (std::ranges::none_of(mounts, same)) mounts.push_back(std::move(mount));
  }
  const auto order = [](const CgroupMount& m) { return std::pair(rank(m.controllers), m.folder); };
  std::ranges::sort(mounts, {}, order);
  return mounts;
}

std::string_view telling_cgroup(const std::vector<CgroupMembership>& memberships) noexcept {
  const CgroupMembership* best = nullptr;
  const auto order = [](const CgroupMembership& m) {
    return rank(m.controllers) + (m.path == "/" ? 3 : 0);
  };
  for (const auto& membership : memberships) {
    if (best == nullptr || order(membership) < order(*best)) best = &membership;
  }
  return best == nullptr ? std::string_view("/") : std::string_view(best->path);
}

bool is_within(std::string_view path, std::string_view group) noexcept {
  if (group == "/") return true;
  if (!path.starts_with(group)) return false;
  return path.size() == group.size() || path[group.size()] == '/';
}

std::string_view unescaped_group(std::string_view component) noexcept {
  if (component.starts_with('_')) component.remove_prefix(1);
  return component;
}

std::optional<std::string> CgroupTree::path_of(std::uint64_t id) {
  const bool version_2 = !mounts_.empty() && mounts_.front().controllers.empty();
  if (!version_2 || gone_.contains(id)) return std::nullopt;
  if (!paths_.contains(id)) read_paths();
  const auto found = paths_.find(id);
  if (found != paths_.end()) return found->second;
  if (gone_.size() >= gone_limit) gone_.clear();
  gone_.insert(id);
  return std::nullopt;
}

void CgroupTree::read_paths() {
  paths_.clear();
  const std::string& mount = mounts_.front().folder;
  FolderReader root(mount);
  while (const auto entry = root.next()) {
    if (entry->name == ".") paths_[entry->inode] = "/";
  }
  for_each_below(mount, "/", [&](const Group& group) { paths_[group.id] = group.path; });
}

std::vector<pid_t> CgroupTree::members(std::string_view path) const {
  std::vector<pid_t> pids;
  for (const auto& mount : mounts_) {
    const std::string top(path);
    add_members(mount.folder + top, pids);
    for_each_below(mount.folder, top,
                   [&](const Group& group) { add_members(mount.folder + group.path, pids); });
    if (!pids.empty()) break;
  }
  std::ranges::sort(pids);
  return pids;
}

std::vector<std::string> CgroupTree::named(std::string_view text) const {
  std::vector<std::string> paths;
  for (const auto& mount : mounts_) {
    for_each_below(mount.folder, "/", [&](const Group& group) {
      const auto name = std::string_view(group.path).substr(group.path.rfind('/') + 1);
      if (name.find(text) != std::string_view::npos) paths.push_back(group.path);
    });
    if (!paths.empty()) break;
  }
  return paths;
}

}  // namespace rollcall
