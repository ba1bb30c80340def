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
constexpr std::string_view usual_tls = "tcp://localhost:2376";
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

/// As the docker command reads it: what has no scheme is TCP.
std::string completed(std::string_view url) {
  const bool bare = !url.contains("://") && !url.starts_with('/') && !url.starts_with("unix:");
  return (bare ? "tcp://" : "") + std::string(url);
}

/// One place, which somebody has decided. `tls`: what he said about it, too; then tcp:// is TLS,
/// but http:// is not. How TLS is spoken is for the program to say, if it does.
Result<Place> place_at(std::string_view url, std::string source, std::optional<TlsOptions> tls,
                       const BackendOptions& options) {
  auto endpoint = parse_endpoint(completed(url), default_ports);
  if (!endpoint) return from(source, std::move(endpoint.error()));
  // Without a port it is that of TCP, as it is for the docker command.
  const bool open = url.starts_with("http://");
  if (tls && !open && endpoint->scheme == Scheme::tcp) endpoint->scheme = Scheme::tls;
  Place place{.url = endpoint->url(), .source = std::move(source)};
  if (endpoint->scheme == Scheme::tls) {
    if (options.tls) tls = options.tls;
    place.tls = tls ? std::move(*tls) : tls_of_folder(options);
    place.note = "TLS, " + tls::summary(*place.tls);
  } else if (endpoint->scheme == Scheme::tcp) {
    if (options.tls) return from(place.source, tls::url_without_tls(place.url));
    place.note = "without TLS";
  } else if (endpoint->scheme == Scheme::ssh) {
    place.note = "through the docker command of the far side";
  }
  return place;
}

Result<Place> place_of_context(std::string_view name, std::string source,
                               const BackendOptions& options) {
  auto context = configuration(options).context(name);
  if (!context) return from(source, std::move(context.error()));
  const std::string host = context->host.empty() ? std::string(usual_socket) : context->host;
  return place_at(host, std::move(source), std::move(context->tls), options);
}

/// One place, or nothing: the usual ones.
using Decision = Result<std::optional<Place>>;

Decision decided(Result<Place> place) {
  if (!place) return fail(std::move(place.error()));
  return std::optional(std::move(*place));
}

/// What the context "default" is: DOCKER_HOST; without it, if TLS is asked for, this host's port
/// for that.
Decision default_place(const BackendOptions& options) {
  auto tls = tls_of_variables(options);
  if (const std::string host = variable(options, "DOCKER_HOST"); !host.empty()) {
    return decided(place_at(host, "DOCKER_HOST", std::move(tls), options));
  }
  if (!tls) return std::nullopt;
  const std::string source = tls->verify ? "DOCKER_TLS_VERIFY" : "DOCKER_TLS";
  return decided(place_at(usual_tls, source, std::move(tls), options));
}

void add_note(Place& place, const std::string& text) {
  place.note += (place.note.empty() ? "" : "; ") + text;
}

/// What would have counted if something else had not come before it.
void add_passed_over(Place& place, const std::string& context, const std::string& current) {
  if (!context.empty()) add_note(place, fmt::format("DOCKER_CONTEXT={} is passed over", context));
  if (!current.empty()) {
    add_note(place, fmt::format("the current context {} is passed over", current));
  }
}

Decision named_place(const BackendOptions& options) {
  constexpr std::string_view source = "--endpoint";
  std::string_view name = options.endpoint;
  if (!name.starts_with(context_prefix)) {
    return decided(place_at(name, std::string(source), tls_of_variables(options), options));
  }
  name.remove_prefix(context_prefix.size());
  if (name.empty() || name == default_context) return default_place(options);
  return decided(place_of_context(name, std::string(source), options));
}

/// What a variable or the configuration has decided. `unread` is why the configuration does not
/// count, if it cannot be read: that alone is no reason to find no engine.
Decision found_place(const BackendOptions& options, std::string& unread) {
  const std::string context = variable(options, "DOCKER_CONTEXT");
  const Configuration config = configuration(options);
  const auto current = config.current_context();
  if (!variable(options, "DOCKER_HOST").empty()) {
    auto place = default_place(options);
    if (place) add_passed_over(**place, context, current.value_or(std::string()));
    return place;
  }
  if (context == default_context) return default_place(options);
  if (!context.empty()) {
    auto place = decided(place_of_context(context, "DOCKER_CONTEXT=" + context, options));
    if (place) add_passed_over(**place, {}, current.value_or(std::string()));
    return place;
  }
  if (!current) {
    unread = fmt::format("{} is passed over: {}", current.error().endpoint, current.error().what);
    return default_place(options);
  }
  if (current->empty() || *current == default_context) return default_place(options);
  const std::string source =
      fmt::format("current context {} of {}", *current, config.config_file().string());
  return decided(place_of_context(*current, source, options));
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

std::vector<Place> usual_places(const BackendOptions& options) {
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

}  // namespace

Result<std::vector<Place>> places(const BackendOptions& options) {
  std::string unread;
  auto place = options.endpoint.empty() ? found_place(options, unread) : named_place(options);
  if (!place) return fail(std::move(place.error()));
  std::vector<Place> places;
  if (*place) {
    places.push_back(std::move(**place));
  } else {
    places = usual_places(options);
  }
  if (!unread.empty()) {
    add_note(places.front(), unread);
    if (options.log) options.log(LogLevel::warning, unread);
  }
  return places;
}

}  // namespace rollcall::docker
