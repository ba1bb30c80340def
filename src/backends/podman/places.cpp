#include "backends/podman/places.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/docker_api/driver.hpp"
#include "backends/podman/configuration.hpp"
#include "transport/endpoint.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::podman {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ssh_scheme = "ssh://";

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

/// Adds to an error where the wrong value came from.
std::unexpected<RuntimeError> from(std::string_view source, RuntimeError error) {
  error.what = fmt::format("{} (from {})", error.what, source);
  return fail(std::move(error));
}

/// Makes one place. `identity` is the key file for ssh.
Result<Place> place_at(std::string_view url, std::string source, std::string identity,
                       const BackendOptions& options) {
  auto address = docker_api::parse_address(url);
  if (!address) return from(source, std::move(address.error()));
  const Endpoint::Scheme scheme = address->endpoint.scheme;
  Place place{.url = address->url(), .source = std::move(source)};
  if (scheme == Endpoint::Scheme::tls) {
    place.tls = options.tls.value_or(TlsOptions());
    place.note = "TLS, " + tls::summary(*place.tls);
  }
  if (scheme == Endpoint::Scheme::tcp && options.tls) {
    return from(place.source, tls::url_without_tls(place.url));
  }
  if (scheme == Endpoint::Scheme::ssh) {
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
  const auto address = docker_api::parse_address(url);
  return address ? address->url() : std::string(url);
}

void warn_of(const Configuration& configuration, const BackendOptions& options) {
  if (!options.log) return;
  for (const std::string& fault : configuration.faults) options.log(LogLevel::warning, fault);
}

/// The key file for a URL that does not come from a connection: CONTAINER_SSHKEY, as in Podman,
/// else the key of a connection with this URL.
std::string identity_for(std::string_view url, const BackendOptions& options) {
  if (!url.starts_with(ssh_scheme)) return {};
  if (std::string key = variable(options, "CONTAINER_SSHKEY"); !key.empty()) return key;
  const auto configuration = read_configuration(options);
  warn_of(configuration, options);
  const auto& named = configuration.connections;
  const auto at = std::ranges::find(named, canonical(url),
                                    [](const Connection& c) { return canonical(c.uri); });
  return at == named.end() ? std::string() : at->identity;
}

/// The place of the connection with that name.
Result<std::vector<Place>> chosen_place(const std::string& name, const BackendOptions& options) {
  const auto configuration = read_configuration(options);
  const auto& named = configuration.connections;
  const auto at = std::ranges::find(named, name, &Connection::name);
  if (at != named.end() && configuration.faults.empty()) {
    return only(at->uri, "CONTAINER_CONNECTION", at->identity, options);
  }
  // A file that cannot be read may define this name, or override it.
  if (!configuration.faults.empty()) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = name,
                 .what = fmt::format("CONTAINER_CONNECTION cannot be looked up: {}",
                                     fmt::join(configuration.faults, "; ")),
                 .remedy = "mend the file, as Podman does not read it either"});
  }
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = name,
               .what = "CONTAINER_CONNECTION names a connection that Podman does not know",
               .remedy = "`podman system connection list` shows those that it knows"});
}

/// Adds a place unless it is there already. An unusable one is left out and logged.
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
  if (const auto chosen = variable(options, "CONTAINER_CONNECTION"); !chosen.empty()) {
    return chosen_place(chosen, options);
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
  const Configuration configuration = read_configuration(options);
  warn_of(configuration, options);
  if (!configuration.faults.empty() && !places.empty()) {
    places.front().note = fmt::format("{}", fmt::join(configuration.faults, "; "));
  }
  for (const Connection& connection : configuration.connections) {
    // Automatic detection must not log in to other hosts by ssh, unless it is Podman's default.
    if (connection.uri.starts_with(ssh_scheme) && !connection.is_default) continue;
    add(places, connection.uri, fmt::format("connection {}", connection.name), connection.identity,
        options);
  }
  return places;
}

}  // namespace rollcall::podman
