#include "backends/incus/places.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "transport/endpoint.hpp"

namespace rollcall::incus {
namespace {

struct Family {
  std::string_view socket_variable;
  std::string_view folder_variable;
};
constexpr std::array families = {Family{"INCUS_SOCKET", "INCUS_DIR"},
                                 Family{"LXD_SOCKET", "LXD_DIR"}};

struct Folder {
  std::string_view path;
  std::string_view source;
};
// Where the packages of the projects, of Debian and of snap put the sockets.
constexpr std::array folders = {
    Folder{"/run/incus", "Incus' socket"},
    Folder{"/var/lib/incus", "Incus' socket"},
    Folder{"/var/lib/lxd", "LXD's socket"},
    Folder{"/var/snap/lxd/common/lxd", "LXD's socket, of the snap"},
};

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

Result<Place> place_at(std::string_view url, std::string source) {
  auto endpoint = parse_endpoint(url, default_port);
  if (endpoint) return Place{endpoint->url(), std::move(source)};
  RuntimeError error = std::move(endpoint.error());
  error.what = fmt::format("{} (from {})", error.what, source);
  return fail(std::move(error));
}

bool may_open(const std::string& socket) {
  return ::faccessat(AT_FDCWD, socket.c_str(), W_OK, AT_EACCESS) == 0;
}

/// Those who may not open the socket may have one of their own, that shows them a project of their
/// own.
std::string socket_in(std::string_view folder) {
  std::string socket = fmt::format("{}/unix.socket", folder);
  std::string restricted = socket + ".user";
  return !may_open(socket) && may_open(restricted) ? restricted : socket;
}

/// What the variables of a family say, if they do.
std::optional<Result<Place>> decided(const Family& family, const BackendOptions& options) {
  if (const auto socket = variable(options, family.socket_variable); !socket.empty()) {
    return place_at(socket, std::string(family.socket_variable));
  }
  if (const auto folder = variable(options, family.folder_variable); !folder.empty()) {
    return place_at(socket_in(folder), std::string(family.folder_variable));
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  std::vector<Place> places;
  const auto add = [&places](Result<Place> place) -> Result<void> {
    if (!place) return fail(std::move(place.error()));
    places.push_back(std::move(*place));
    return {};
  };
  if (!options.endpoint.empty()) {
    auto added = add(place_at(options.endpoint, "--endpoint"));
    if (!added) return fail(std::move(added.error()));
    return places;
  }
  for (const Family& family : families) {
    auto place = decided(family, options);
    auto added = place ? add(std::move(*place)) : Result<void>();
    if (!added) return fail(std::move(added.error()));
  }
  if (!places.empty()) return places;
  for (const Folder& folder : folders) {
    auto added = add(place_at(socket_in(folder.path), std::string(folder.source)));
    if (!added) return fail(std::move(added.error()));
  }
  return places;
}

}  // namespace rollcall::incus
