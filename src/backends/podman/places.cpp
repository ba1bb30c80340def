#include "backends/podman/places.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "backends/docker_api/driver.hpp"
#include "backends/podman/connections.hpp"
#include "transport/endpoint.hpp"

namespace rollcall::podman {
namespace {

namespace fs = std::filesystem;

constexpr std::streamsize max_file = std::streamsize{1} << 20U;

Result<std::vector<Place>> only(std::string_view url, std::string source) {
  auto endpoint = parse_endpoint(url, docker_api::default_port);
  if (!endpoint) {
    RuntimeError error = std::move(endpoint.error());
    error.what = fmt::format("{} (from {})", error.what, source);
    return fail(std::move(error));
  }
  return std::vector<Place>{{endpoint->url(), std::move(source)}};
}

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

/// The start of the file; empty if it cannot be read.
std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(max_file), '\0');
  file.read(text.data(), max_file);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

/// Podman 5's file, if it is there; else Podman 4's.
std::vector<Connection> connections(const BackendOptions& options) {
  const std::string config = variable(options, "XDG_CONFIG_HOME");
  const std::string home = variable(options, "HOME");
  fs::path folder;
  if (home.starts_with('/')) folder = fs::path(home) / ".config/containers";
  if (config.starts_with('/')) folder = fs::path(config) / "containers";
  fs::path json = variable(options, "PODMAN_CONNECTIONS_CONF");
  fs::path conf = variable(options, "CONTAINERS_CONF");
  if (json.empty() && !folder.empty()) json = folder / "podman-connections.json";
  if (conf.empty() && !folder.empty()) conf = folder / "containers.conf";
  auto all = read_connections_json(json.empty() ? std::string() : text_of(json));
  if (all.empty() && !conf.empty()) all = read_containers_conf(text_of(conf));
  return all;
}

/// Each place once; what cannot be a place here, such as ssh, is left out.
void add(std::vector<Place>& places, const std::string& url, std::string source) {
  const auto endpoint = parse_endpoint(url, docker_api::default_port);
  if (!endpoint) return;
  const bool known = std::ranges::find(places, endpoint->url(), &Place::url) != places.end();
  if (!known) places.push_back({endpoint->url(), std::move(source)});
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty()) return only(options.endpoint, "--endpoint");
  if (const auto host = variable(options, "CONTAINER_HOST"); !host.empty()) {
    return only(host, "CONTAINER_HOST");
  }
  const std::vector<Connection> named = connections(options);
  if (const auto chosen = variable(options, "CONTAINER_CONNECTION"); !chosen.empty()) {
    const auto at = std::ranges::find(named, chosen, &Connection::name);
    if (at != named.end()) return only(at->uri, "CONTAINER_CONNECTION");
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = chosen,
                 .what = "CONTAINER_CONNECTION names a connection that Podman does not know",
                 .remedy = "`podman system connection list` shows those that it knows"});
  }
  std::vector<Place> places;
  add(places, "/run/podman/podman.sock", "system socket");
  if (const auto runtime = variable(options, "XDG_RUNTIME_DIR"); runtime.starts_with('/')) {
    add(places, (fs::path(runtime) / "podman/podman.sock").string(), "rootless socket");
  }
  for (const Connection& connection : named) {
    add(places, connection.uri, fmt::format("connection {}", connection.name));
  }
  return places;
}

}  // namespace rollcall::podman
