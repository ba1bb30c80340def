#include "backends/docker/places.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "backends/docker/contexts.hpp"
#include "backends/docker_api/driver.hpp"
#include "transport/endpoint.hpp"
#include "transport/tls_faults.hpp"

namespace rollcall::docker {
namespace {

namespace fs = std::filesystem;

using docker_api::default_ports;
using Scheme = Endpoint::Scheme;

constexpr std::string_view usual_socket = "unix:///var/run/docker.sock";
constexpr std::string_view context_prefix = "context:";
constexpr std::string_view default_context = "default";

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

Configuration configuration(const BackendOptions& options) {
  if (fs::path named = variable(options, "DOCKER_CONFIG"); !named.empty()) {
    return Configuration(std::move(named));
  }
  const std::string home = variable(options, "HOME");
  return Configuration(fs::path(home.starts_with('/') ? home : "/") / ".docker");
}

/// Says from where the wrong thing came.
std::unexpected<RuntimeError> from(std::string_view source, RuntimeError error) {
  error.what = fmt::format("{} (from {})", error.what, source);
  return fail(std::move(error));
}

/// What the variables say about TLS: DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH. Nothing,
/// if they do not ask for it.
std::optional<TlsOptions> tls_of_variables(const BackendOptions& options) {
  const bool verify = !variable(options, "DOCKER_TLS_VERIFY").empty();
  if (!verify && variable(options, "DOCKER_TLS").empty()) return std::nullopt;
  const std::string named = variable(options, "DOCKER_CERT_PATH");
  const fs::path folder = named.empty() ? configuration(options).folder() : fs::path(named);
  TlsOptions tls = tls_files_in(folder);
  tls.verify = verify;
  // Whoever asks for verification means this file: without it, it is missing.
  tls.authority.file = verify ? (folder / "ca.pem").string() : std::string();
  return tls;
}

/// What https:// means where nothing more was said about TLS.
TlsOptions tls_of_folder(const BackendOptions& options) {
  const std::string named = variable(options, "DOCKER_CERT_PATH");
  return tls_files_in(named.empty() ? configuration(options).folder() : fs::path(named));
}

/// As the docker command reads it: "host:port" is TCP, and TCP with TLS is https.
std::string completed(std::string_view url, bool secured) {
  const bool bare = !url.contains("://") && url.contains(':') && !url.starts_with('/') &&
                    !url.starts_with("unix:");
  if (bare) return (secured ? "https://" : "tcp://") + std::string(url);
  if (!secured) return std::string(url);
  for (const std::string_view plain : {std::string_view("tcp://"), std::string_view("http://")}) {
    if (url.starts_with(plain)) return "https://" + std::string(url.substr(plain.size()));
  }
  return std::string(url);
}

/// One place, which somebody has decided. `tls`: what he said about it, too.
Result<Place> place_at(std::string_view url, std::string source, std::optional<TlsOptions> tls,
                       const BackendOptions& options) {
  auto endpoint = parse_endpoint(completed(url, tls.has_value()), default_ports);
  if (!endpoint) return from(source, std::move(endpoint.error()));
  Place place{.url = endpoint->url(), .source = std::move(source)};
  if (endpoint->scheme == Scheme::tls) {
    place.tls = tls ? std::move(*tls) : tls_of_folder(options);
    place.note = "TLS, " + tls::summary(*place.tls);
  } else if (endpoint->scheme == Scheme::tcp) {
    place.tls.emplace();  // decided: none
    place.note = "without TLS";
  } else if (endpoint->scheme == Scheme::ssh) {
    place.note = "through the docker command of the far side";
  }
  return place;
}

Result<Place> place_of_context(std::string_view name, std::string source,
                               const BackendOptions& options) {
  if (name == default_context) {
    return place_at(usual_socket, std::move(source), std::nullopt, options);
  }
  auto context = configuration(options).context(name);
  if (!context) return from(source, std::move(context.error()));
  const std::string host = context->host.empty() ? std::string(usual_socket) : context->host;
  return place_at(host, std::move(source), std::move(context->tls), options);
}

Result<Place> named_place(const BackendOptions& options) {
  constexpr std::string_view source = "--endpoint";
  const std::string_view url = options.endpoint;
  if (url.starts_with(context_prefix)) {
    return place_of_context(url.substr(context_prefix.size()), std::string(source), options);
  }
  if (!options.tls) return place_at(url, std::string(source), tls_of_variables(options), options);
  auto place = place_at(url, std::string(source), std::nullopt, options);
  if (place && place->url.starts_with("https://")) {
    place->tls = options.tls;
    place->note = "TLS, " + tls::summary(*options.tls);
  }
  return place;
}

/// What would have counted if `host` or `context` had not come before it.
void add_passed_over(Place& place, const std::string& context, const std::string& current) {
  const auto add = [&place](const std::string& text) {
    place.note += (place.note.empty() ? "" : "; ") + text;
  };
  if (!context.empty()) add(fmt::format("DOCKER_CONTEXT={} is passed over", context));
  if (!current.empty()) add(fmt::format("the current context {} is passed over", current));
}

/// The place that a variable or the configuration has decided; nothing: none has.
Result<std::optional<Place>> decided_place(const BackendOptions& options) {
  const std::string host = variable(options, "DOCKER_HOST");
  const std::string context = variable(options, "DOCKER_CONTEXT");
  const Configuration config = configuration(options);
  auto current = config.current_context();
  if (!host.empty()) {
    auto place = place_at(host, "DOCKER_HOST", tls_of_variables(options), options);
    if (!place) return fail(std::move(place.error()));
    add_passed_over(*place, context, current.value_or(std::string()));
    return std::optional(std::move(*place));
  }
  if (context == default_context) return std::nullopt;
  if (!context.empty()) {
    auto place = place_of_context(context, "DOCKER_CONTEXT=" + context, options);
    if (!place) return fail(std::move(place.error()));
    add_passed_over(*place, {}, current.value_or(std::string()));
    return std::optional(std::move(*place));
  }
  if (!current) return fail(std::move(current.error()));
  if (current->empty() || *current == default_context) return std::nullopt;
  const std::string source =
      fmt::format("current context {} of {}", *current, config.config_file().string());
  auto place = place_of_context(*current, source, options);
  if (!place) return fail(std::move(place.error()));
  return std::optional(std::move(*place));
}

void add_socket(std::vector<Place>& places, const fs::path& path, std::string source) {
  // A home folder so deep that no socket fits in it holds none.
  if (auto endpoint = parse_endpoint(path.string(), default_ports)) {
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
  if (!options.endpoint.empty()) {
    auto place = named_place(options);
    if (!place) return fail(std::move(place.error()));
    return std::vector<Place>{std::move(*place)};
  }
  auto decided = decided_place(options);
  if (!decided) return fail(std::move(decided.error()));
  if (*decided) return std::vector<Place>{std::move(**decided)};
  std::vector<Place> places;
  add_socket(places, usual_socket.substr(std::string_view("unix://").size()), "system socket");
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
