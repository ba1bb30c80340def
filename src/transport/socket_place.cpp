#include "transport/socket_place.hpp"

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text/text.hpp"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_the_socket = "name the engine's socket";

/// The type of the file; empty for a socket.
std::string_view kind_of(mode_t mode) {
  if (S_ISSOCK(mode)) return {};
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISREG(mode)) return "a plain file";
  if (S_ISFIFO(mode)) return "a pipe";
  return "a device";
}

std::optional<PlaceFault> no_socket(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  const std::string_view kind = kind_of(found.st_mode);
  if (kind.empty()) return std::nullopt;
  const bool directory = S_ISDIR(found.st_mode);
  return PlaceFault{.fault = ConnectFault::not_this_api,
                    .what = fmt::format("this is {}, and no socket", kind),
                    .remedy = directory
                                  ? "remove it and start the engine: a container that was given "
                                    "this path before the engine ran has left a directory here"
                                  : std::string(name_the_socket)};
}

/// The fault of a broken link: names the first link on the way and its target.
std::optional<PlaceFault> dangling(const std::string& path) {
  std::error_code ec;
  const fs::path target = fs::read_symlink(path, ec);
  if (ec) return std::nullopt;
  return PlaceFault{
      .fault = ConnectFault::missing,
      .what = fmt::format("there is no such socket: this is a link to {}, which is not there",
                          printable(target.string())),
      .remedy = "start the engine, or name its socket with --endpoint"};
}

/// The directories on the way to the path, from the root down.
std::vector<fs::path> folders_to(const std::string& path) {
  std::vector<fs::path> folders;
  fs::path folder;
  for (const fs::path& part : fs::path(path).parent_path()) folders.push_back(folder /= part);
  return folders;
}

std::optional<PlaceFault> no_folder(const std::string& path) {
  for (const fs::path& folder : folders_to(path)) {
    std::error_code ec;
    if (fs::is_directory(folder, ec) || ec) continue;
    return PlaceFault{
        .fault = ConnectFault::missing,
        .what = fmt::format("there is no such socket: {} is no folder", printable(folder.string())),
        .remedy = std::string(name_the_socket)};
  }
  return std::nullopt;
}

/// The fault of the first directory that this user may not enter.
std::optional<PlaceFault> closed_folder(const std::string& path) {
  for (const fs::path& folder : folders_to(path)) {
    if (::faccessat(AT_FDCWD, folder.c_str(), X_OK, AT_EACCESS) == 0) continue;
    if (errno != EACCES) return std::nullopt;
    return PlaceFault{.fault = ConnectFault::denied,
                      .what = fmt::format("Permission denied: the folder {} may not be entered",
                                          printable(folder.string())),
                      .remedy = "run as a user who may enter it, or let its group do so"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PlaceFault> socket_place_fault(const std::string& path, int error) {
  if (!path.starts_with('/')) return std::nullopt;  // An abstract name is not a file.
  switch (error) {
    case ECONNREFUSED:
    case ENOTSOCK:
    case EPROTOTYPE:
      return no_socket(path);
    case ENOENT:
      return dangling(path);
    case ENOTDIR:
      return no_folder(path);
    case EACCES:
      if (auto fault = closed_folder(path)) return fault;
      if (auto fault = no_socket(path)) return fault;
      if (::geteuid() != 0) return std::nullopt;
      return PlaceFault{.fault = ConnectFault::denied,
                        .what = "Permission denied, also for root",
                        .remedy =
                            "a security module, a sandbox or a user namespace forbids it: "
                            "run outside of that"};
    case ELOOP:
      return PlaceFault{.fault = ConnectFault::missing,
                        .what =
                            "there is no such socket: its links lead in a circle (too many "
                            "levels of symbolic links)",
                        .remedy = std::string(name_the_socket)};
    default:
      return std::nullopt;
  }
}

}  // namespace rollcall
