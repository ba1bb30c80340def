#include "hostview/process_table.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <concepts>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "core/budgets.hpp"
#include "core/text/numbers.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"

namespace rollcall {
namespace {

constexpr std::size_t arguments_limit = budget::process_arguments_bytes;
constexpr std::size_t status_limit = budget::process_status_bytes;
constexpr std::size_t cgroups_limit = budget::process_cgroups_bytes;
constexpr std::size_t passwd_limit = budget::passwd_bytes;

// Cuts off the text before the separator, or all of it, and returns it.
std::string_view take(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

// In this file only, the kernel writes a line feed and a backslash in a name as "\n" and "\\".
std::string unescaped(std::string_view name) {
  std::string result;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool escape = name[at] == '\\' && at + 1 < name.size();
    if (escape) ++at;
    result.push_back(escape && name[at] == 'n' ? '\n' : name[at]);
  }
  return result;
}

std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) result.push_back(valid_utf8(take(text, '\0')));
  // A program that writes a title over its arguments leaves the others empty.
  while (!result.empty() && result.back().empty()) result.pop_back();
  return result;
}

// The value of one key in a file of "key: value" or "key value" lines.
std::string_view value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    auto line = take(text, '\n');
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
  }
  return {};
}

std::uint32_t effective_uid(std::string_view status) {
  auto ids = value_of(status, "Uid:");
  take(ids, '\t');  // The real uid.
  return whole_number<std::uint32_t>(take(ids, '\t')).value_or(0);
}

std::uint64_t namespace_inode(std::string_view link) {
  if (!link.starts_with("net:[") || !link.ends_with(']')) return 0;
  return whole_number<std::uint64_t>(link.substr(5, link.size() - 6)).value_or(0);
}

std::optional<Timestamp> boot_time(const std::string& proc) {
  const auto text = read_small_file(proc + "/stat", std::size_t{1} << 20U);
  const auto seconds = whole_number<std::int64_t>(value_of(text.value_or(""), "btime"));
  if (!seconds) return std::nullopt;
  return Timestamp(std::chrono::seconds(*seconds));
}

// Adds the sockets that one process holds. Returns false if its descriptors may not be read, or
// there are more than `left` or than a process may have.
bool add_holdings(const std::string& proc, pid_t pid, std::span<const std::uint64_t> inodes,
                  std::size_t& left, SocketHolders& into) {
  std::array<char, 64> link{};
  FolderReader folder(fmt::format("{}/{}/fd", proc, pid));
  if (!folder.is_open()) return folder.error() != EACCES && folder.error() != EPERM;
  bool readable = true;
  std::size_t seen = 0;
  while (const auto entry = folder.next()) {
    if (entry->name.starts_with('.')) continue;
    if (++seen > budget::process_descriptors || left == 0) return false;
    --left;
    const ssize_t size = folder.link(link);
    if (size < 0) readable = readable && errno != EACCES && errno != EPERM;
    if (size <= 0) continue;
    const auto inode = parse_socket_link({link.data(), static_cast<std::size_t>(size)});
    if (!inode || !std::ranges::binary_search(inodes, *inode)) continue;
    auto& pids = into.by_inode[*inode];
    if (pids.empty() || pids.back() != pid) pids.push_back(pid);
  }
  return readable;
}

}  // namespace

std::optional<ProcessIdentity> parse_stat(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      open == 0) {
    return std::nullopt;
  }
  std::array<std::string_view, 20> fields;  // From the third on, which is the state.
  auto rest = text.substr(close + 1);
  take(rest, ' ');
  for (auto& field : fields) field = take(rest, ' ');
  const auto pid = whole_number<pid_t>(text.substr(0, open - 1));
  const auto parent = whole_number<pid_t>(fields[1]);
  const auto session = whole_number<pid_t>(fields[3]);
  const auto start = whole_number<std::uint64_t>(fields[19]);
  if (!pid || !parent || !session || !start) return std::nullopt;
  return ProcessIdentity{.pid = *pid,
                         .start_ticks = *start,
                         .comm = valid_utf8(unescaped(text.substr(open + 1, close - open - 1))),
                         .parent = *parent,
                         .session = *session};
}

std::vector<CgroupMembership> parse_cgroups(std::string_view text) {
  std::vector<CgroupMembership> result;
  while (!text.empty()) {
    auto line = take(text, '\n');
    const auto hierarchy = take(line, ':');
    const auto colon = line.find(':');
    if (!whole_number<int>(hierarchy) || colon == std::string_view::npos) continue;
    result.push_back({.controllers = valid_utf8(line.substr(0, colon)),
                      .path = valid_utf8(line.substr(colon + 1))});
  }
  return result;
}

std::optional<std::uint64_t> parse_socket_link(std::string_view link) {
  if (!link.starts_with("socket:[") || !link.ends_with(']')) return std::nullopt;
  return whole_number<std::uint64_t>(link.substr(8, link.size() - 9));
}

ProcessTable::ProcessTable(std::string proc, std::string passwd)
    : proc_(std::move(proc)), passwd_(std::move(passwd)), booted_at_(boot_time(proc_)) {}

std::vector<pid_t> ProcessTable::pids() const {
  std::vector<pid_t> result;
  FolderReader folder(proc_);
  while (const auto entry = folder.next()) {
    if (result.size() >= budget::host_processes) break;
    if (const auto pid = whole_number<pid_t>(entry->name); pid && *pid > 0) result.push_back(*pid);
  }
  std::ranges::sort(result);
  return result;
}

std::optional<ProcessIdentity> ProcessTable::identity(pid_t pid) const {
  const auto text = read_small_file(fmt::format("{}/{}/stat", proc_, pid), status_limit);
  return text ? parse_stat(*text) : std::nullopt;
}

std::optional<Process> ProcessTable::process(pid_t pid) {
  const Folder folder(fmt::format("{}/{}", proc_, pid));
  const auto text = folder.file("stat", status_limit);
  auto identity = text ? parse_stat(*text) : std::nullopt;
  if (!identity) return std::nullopt;
  Process process;
  static_cast<ProcessIdentity&>(process) = std::move(*identity);
  process.arguments = split_arguments(folder.file("cmdline", arguments_limit).value_or(""));
  process.cgroups = parse_cgroups(folder.file("cgroup", cgroups_limit).value_or(""));
  process.executable = valid_utf8(folder.link("exe"));
  process.network_namespace = namespace_inode(folder.link("ns/net"));
  // Read last: if the process is still there now, it was there for all previous reads.
  const auto status = folder.file("status", status_limit);
  if (!status) return std::nullopt;
  process.uid = effective_uid(*status);
  process.user = user_name(process.uid);
  if (booted_at_) {
    const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto since_boot = std::chrono::seconds(process.start_ticks / ticks) +
                            std::chrono::nanoseconds(std::nano::den / ticks) *
                                static_cast<std::int64_t>(process.start_ticks % ticks);
    process.started_at = *booted_at_ + since_boot;
  }
  return process;
}

std::optional<ProcessPlace> ProcessTable::place(pid_t pid) const {
  const Folder folder(pid == 0 ? proc_ + "/thread-self" : fmt::format("{}/{}", proc_, pid));
  const auto cgroups = folder.file("cgroup", cgroups_limit);
  if (!cgroups) return std::nullopt;
  ProcessPlace place;
  place.cgroups = parse_cgroups(*cgroups);
  place.executable = valid_utf8(folder.link("exe"));
  place.network_namespace = namespace_inode(folder.link("ns/net"));
  return place;
}

SocketHolders ProcessTable::holders(std::span<const std::uint64_t> inodes,
                                    std::span<const pid_t> among) const {
  SocketHolders result;
  std::size_t left = budget::host_descriptors;
  for (const pid_t pid : among) {
    if (!add_holdings(proc_, pid, inodes, left, result)) ++result.unreadable;
  }
  for (auto& [inode, pids] : result.by_inode) {
    std::ranges::sort(pids);
    const auto twice = std::ranges::unique(pids);
    pids.erase(twice.begin(), twice.end());
  }
  return result;
}

const std::string& ProcessTable::user_name(std::uint32_t uid) {
  const auto known = users_.find(uid);
  if (known != users_.end()) return known->second;
  std::string name = fmt::to_string(uid);
  const auto text = read_small_file(passwd_, passwd_limit).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    auto line = take(rest, '\n');
    const auto user = take(line, ':');
    take(line, ':');  // The password.
    if (whole_number<std::uint32_t>(take(line, ':')) == uid && !user.empty()) {
      name = valid_utf8(user);
      break;
    }
  }
  return users_.emplace(uid, std::move(name)).first->second;
}

}  // namespace rollcall
