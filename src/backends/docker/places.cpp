#include "backends/docker/places.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "backends/docker_api/driver.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::docker {
namespace {

namespace fs = std::filesystem;
using docker_api::default_port;

Result<std::vector<Place>> only(std::string_view url, std::string source) {
  auto endpoint = parse_endpoint(url, default_port);
  if (!endpoint) {
    RuntimeError error = std::move(endpoint.error());
    error.what = fmt::format("{} (from {})", error.what, source);
    return fail(std::move(error));
  }
  return std::vector<Place>{{endpoint->url(), std::move(source)}};
}

void add_socket(std::vector<Place>& places, const fs::path& path, std::string source) {
  // A home folder so deep that no socket fits in it holds none.
  if (auto endpoint = parse_endpoint(path.string(), default_port)) {
    places.push_back({endpoint->url(), std::move(source)});
  }
}

void add_colima(std::vector<Place>& places, const fs::path& home) {
  std::vector<fs::path> profiles = {home / ".colima" / "default"};
  std::error_code ec;
  for (fs::directory_iterator at(home / ".colima", ec), end; !ec && at != end; at.increment(ec)) {
    const bool profile =
        at->path().filename() != "default" && fs::exists(at->path() / "docker.sock", ec);
    if (profile) profiles.push_back(at->path());
  }
  std::sort(profiles.begin() + 1, profiles.end());
  for (const fs::path& profile : profiles) {
    add_socket(places, profile / "docker.sock",
               fmt::format("Colima, profile {}", profile.filename().string()));
  }
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty()) return only(options.endpoint, "--endpoint");
  if (const auto host = options.getenv("DOCKER_HOST"); host && !host->empty()) {
    return only(*host, "DOCKER_HOST");
  }
  std::vector<Place> places;
  add_socket(places, "/var/run/docker.sock", "system socket");
  if (const auto runtime = options.getenv("XDG_RUNTIME_DIR"); runtime && !runtime->empty()) {
    add_socket(places, fs::path(*runtime) / "docker.sock", "rootless socket, XDG_RUNTIME_DIR");
  }
  if (const auto home = options.getenv("HOME"); home && home->starts_with('/')) {
    const fs::path dir(*home);
    add_socket(places, dir / ".docker/run/docker.sock", "Docker Desktop");
    add_socket(places, dir / ".docker/desktop/docker.sock", "Docker Desktop for Linux");
    add_socket(places, dir / ".orbstack/run/docker.sock", "OrbStack");
    add_socket(places, dir / ".rd/docker.sock", "Rancher Desktop");
    add_colima(places, dir);
    add_socket(places, dir / ".lima/default/sock/docker.sock", "Lima, instance default");
    add_socket(places, dir / ".lima/docker/sock/docker.sock", "Lima, instance docker");
  }
  return places;
}

}  // namespace rollcall::docker
