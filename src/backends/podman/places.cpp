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
#include "transport/tls_faults.hpp"

namespace rollcall::podman {
namespace {

namespace fs = std::filesystem;

constexpr std::streamsize max_file = std::streamsize{1} << 20U;
constexpr std::string_view ssh_scheme = "ssh://";

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

/// Says from where the wrong thing came.
std::unexpected<RuntimeError> from(std::string_view source, RuntimeError error) {
  error.what = fmt::format("{} (from {})", error.what, source);
  return fail(std::move(error));
}

/// One place. `identity` is of ssh.
Result<Place> place_at(std::string_view url, std::string source, std::string identity,
                       const BackendOptions& options) {
  auto endpoint = parse_endpoint(url, docker_api::default_ports);
  if (!endpoint) return from(source, std::move(endpoint.error()));
  Place place{.url = endpoint->url(), .source = std::move(source)};
  if (endpoint->scheme == Endpoint::Scheme::tls) {
    place.tls = options.tls.value_or(TlsOptions());
    place.note = "TLS, " + tls::summary(*place.tls);
  }
  if (endpoint->scheme == Endpoint::Scheme::tcp && options.tls) {
    return from(place.source, tls::url_without_tls(place.url));
  }
  if (endpoint->scheme == Endpoint::Scheme::ssh) {
    place.ssh_identity = std::move(identity);
    place.note = "through the podman command of the far side";
  }
  return place;
}

Result<std::vector<Place>> only(std::string_view url, std::string source, std::string identity,
                                const BackendOptions& options) {
  auto place = place_at(url, std::move(source), std::move(identity), options);
  if (!place) return fail(std::move(place.error()));
  return std::vector<Place>{std::move(*place)};
}

std::string canonical(std::string_view url) {
  const auto endpoint = parse_endpoint(url, docker_api::default_ports);
  return endpoint ? endpoint->url() : std::string(url);
}

/// The key for a URL that no connection has brought: what the user says for all such URLs, as
/// Podman has it, else what he has told Podman about this one.
std::string identity_for(std::string_view url, const BackendOptions& options) {
  if (!url.starts_with(ssh_scheme)) return {};
  if (std::string key = variable(options, "CONTAINER_SSHKEY"); !key.empty()) return key;
  const auto named = connections(options);
  const auto at = std::ranges::find(named, canonical(url),
                                    [](const Connection& c) { return canonical(c.uri); });
  return at == named.end() ? std::string() : at->identity;
}

/// Each place once; what cannot be a place here is left out, and the log says so.
void add(std::vector<Place>& places, const std::string& url, std::string source,
         std::string identity, const BackendOptions& options) {
  auto place = place_at(url, std::move(source), std::move(identity), options);
  if (!place) {
    if (options.log) options.log(LogLevel::info, place.error().describe());
    return;
  }
  const auto same = [&place](const Place& other) {
    return other.url == place->url && other.ssh_identity == place->ssh_identity;
  };
  if (std::ranges::none_of(places, same)) places.push_back(std::move(*place));
}

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  if (!options.endpoint.empty()) {
    return only(options.endpoint, "--endpoint", identity_for(options.endpoint, options), options);
  }
  const std::vector<Connection> named = connections(options);
  if (const auto chosen = variable(options, "CONTAINER_CONNECTION"); !chosen.empty()) {
    const auto at = std::ranges::find(named, chosen, &Connection::name);
    if (at != named.end()) return only(at->uri, "CONTAINER_CONNECTION", at->identity, options);
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = chosen,
                 .what = "CONTAINER_CONNECTION names a connection that Podman does not know",
                 .remedy = "`podman system connection list` shows those that it knows"});
  }
  if (const auto host = variable(options, "CONTAINER_HOST"); !host.empty()) {
    return only(host, "CONTAINER_HOST", identity_for(host, options), options);
  }
  std::vector<Place> places;
  add(places, "/run/podman/podman.sock", "system socket", {}, options);
  if (const auto runtime = variable(options, "XDG_RUNTIME_DIR"); runtime.starts_with('/')) {
    add(places, (fs::path(runtime) / "podman/podman.sock").string(), "rootless socket", {},
        options);
  }
  for (const Connection& connection : named) {
    // Nobody is logged in to by the way, but where Podman itself would go.
    if (connection.uri.starts_with(ssh_scheme) && !connection.is_default) continue;
    add(places, connection.uri, fmt::format("connection {}", connection.name), connection.identity,
        options);
  }
  return places;
}

}  // namespace rollcall::podman
