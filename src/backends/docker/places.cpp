#include "backends/docker/places.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "backends/docker/contexts.hpp"
#include "backends/docker/headers.hpp"
#include "backends/docker/host.hpp"
#include "backends/docker_api/api.hpp"
#include "backends/docker_api/driver.hpp"
#include "backends/docker_api/requests.hpp"
#include "core/text/text.hpp"
#include "transport/endpoint.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::docker {
namespace {

namespace fs = std::filesystem;

using Scheme = Endpoint::Scheme;

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

/// Adds to an error where the wrong value came from.
std::unexpected<RuntimeError> from(std::string_view source, RuntimeError error) {
  error.what = fmt::format("{} (from {})", error.what, source);
  return fail(std::move(error));
}

/// The TLS settings in DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH; nullopt if they do not
/// ask for TLS.
std::optional<TlsOptions> tls_of_variables(const BackendOptions& options) {
  const bool verify = !variable(options, "DOCKER_TLS_VERIFY").empty();
  if (!verify && variable(options, "DOCKER_TLS").empty()) return std::nullopt;
  const std::string named = variable(options, "DOCKER_CERT_PATH");
  const fs::path folder = named.empty() ? configuration(options).folder() : fs::path(named);
  TlsOptions tls = tls_files_in(folder);
  tls.verify = verify;
  // Verification needs ca.pem: if it does not exist, connecting reports it as missing.
  tls.authority.file = verify ? (folder / "ca.pem").string() : std::string();
  return tls;
}

/// The TLS settings of an https:// URL if nothing else says how.
TlsOptions tls_of_folder(const BackendOptions& options) {
  const std::string named = variable(options, "DOCKER_CERT_PATH");
  return tls_files_in(named.empty() ? configuration(options).folder() : fs::path(named));
}

/// One place that was named explicitly. `tls`: the settings that came with it; with them tcp://
/// means TLS, but http:// does not. TLS options of the program replace them.
Result<Place> place_at(std::string_view url, std::string source, std::optional<TlsOptions> tls,
                       const BackendOptions& options) {
  auto address = parse_host(url);
  if (!address) return from(source, std::move(address.error()));
  Scheme& scheme = address->endpoint.scheme;
  // Without a port the default is that of TCP, even with TLS, as for the docker command.
  const bool open = without_blanks(url).starts_with("http://");
  if (tls && !open && scheme == Scheme::tcp) scheme = Scheme::tls;
  Place place{.url = address->url(), .source = std::move(source)};
  if (scheme == Scheme::tls) {
    if (options.tls) tls = options.tls;
    place.tls = tls ? std::move(*tls) : tls_of_folder(options);
    place.note = "TLS, " + tls::summary(*place.tls);
  } else if (scheme == Scheme::tcp) {
    if (options.tls) return from(place.source, tls::url_without_tls(place.url));
    place.note = "without TLS";
  } else if (scheme == Scheme::ssh) {
    place.note = "through the docker command of the far side";
  }
  return place;
}

Result<Place> place_of_context(std::string_view name, std::string source,
                               const BackendOptions& options) {
  auto context = configuration(options).context(name);
  if (!context) return from(source, std::move(context.error()));
  const bool named = !without_blanks(context->host).empty();
  return place_at(named ? context->host : usual_socket, std::move(source), std::move(context->tls),
                  options);
}

/// One place; or nullopt for the usual ones.
using Decision = Result<std::optional<Place>>;

Decision decided(Result<Place> place) {
  if (!place) return fail(std::move(place.error()));
  return std::optional(std::move(*place));
}

/// The place of the context "default": DOCKER_HOST; without it, if TLS is asked for, its port of
/// this host.
Decision default_place(const BackendOptions& options) {
  auto tls = tls_of_variables(options);
  if (const std::string host = variable(options, "DOCKER_HOST"); !host.empty()) {
    const bool blank = without_blanks(host).empty();
    const std::string_view usual = tls ? usual_tls : usual_socket;
    return decided(place_at(blank ? usual : host, "DOCKER_HOST", std::move(tls), options));
  }
  if (!tls) return std::nullopt;
  const std::string source = tls->verify ? "DOCKER_TLS_VERIFY" : "DOCKER_TLS";
  return decided(place_at(usual_tls, source, std::move(tls), options));
}

void add_note(Place& place, const std::string& text) {
  place.note += (place.note.empty() ? "" : "; ") + text;
}

/// Notes the settings that a stronger one has overridden.
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

/// The place that a variable or the configuration names. `unread` says why the configuration could
/// not be read, if so; that alone is not an error.
Decision found_place(const BackendOptions& options, const std::string& current) {
  const std::string context = variable(options, "DOCKER_CONTEXT");
  if (!variable(options, "DOCKER_HOST").empty()) {
    auto place = default_place(options);
    if (place) add_passed_over(**place, context, current);
    return place;
  }
  if (context == default_context) return default_place(options);
  if (!context.empty()) {
    auto place = decided(place_of_context(context, "DOCKER_CONTEXT=" + context, options));
    if (place) add_passed_over(**place, {}, current);
    return place;
  }
  if (current.empty() || current == default_context) return default_place(options);
  const std::string source = fmt::format("current context {} of {}", current,
                                         configuration(options).config_file().string());
  return decided(place_of_context(current, source, options));
}

/// The settings for requests from DOCKER_CUSTOM_HEADERS, DOCKER_API_VERSION and config.json. As for
/// the docker command, the variable replaces the headers of the file.
Result<docker_api::RequestRules> request_rules(const BackendOptions& options,
                                               std::vector<HttpHeader> headers) {
  docker_api::RequestRules rules{.headers = std::move(headers)};
  if (const std::string custom = variable(options, "DOCKER_CUSTOM_HEADERS"); !custom.empty()) {
    auto read = read_custom_headers(custom);
    if (!read) return fail(std::move(read.error()));
    auto checked = checked_headers(*read);
    if (!checked) return from("DOCKER_CUSTOM_HEADERS", std::move(checked.error()));
    if (!read->empty()) rules.headers = std::move(*checked);
  }
  std::string version = variable(options, "DOCKER_API_VERSION");
  if (version.starts_with('v')) version.erase(0, 1);
  if (!version.empty() && !docker_api::speaks_version(version)) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = excerpt(version),
                 .what = fmt::format("DOCKER_API_VERSION is no version from {} on",
                                     docker_api::oldest_version),
                 .remedy = "unset it, or write one such as 1.41"});
  }
  rules.api_version = std::move(version);
  return rules;
}

void add_socket(std::vector<Place>& places, const fs::path& path, std::string source) {
  // Under a home folder with a path too long for a socket there is no socket.
  if (auto address = docker_api::parse_address(path.string())) {
    places.push_back({address->url(), std::move(source)});
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
  add_socket(places, usual_socket, "system socket");
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
  auto config = configuration(options).settings();
  std::string unread;
  if (!config) {
    unread = fmt::format("{} is passed over: {}", config.error().endpoint, config.error().what);
    config = Configuration::Settings();
  }
  auto rules = request_rules(options, std::move(config->headers));
  if (!rules) return fail(std::move(rules.error()));
  auto place = options.endpoint.empty() ? found_place(options, config->current_context)
                                        : named_place(options);
  if (!place) return fail(std::move(place.error()));
  std::vector<Place> places;
  if (*place) {
    places.push_back(std::move(**place));
  } else {
    places = usual_places(options);
  }
  if (!unread.empty()) {
    add_note(places.front(), unread);
    // Where a place was named the file says nothing about that, only about headers.
    const LogLevel level = options.endpoint.empty() ? LogLevel::warning : LogLevel::info;
    if (options.log) options.log(level, unread);
  }
  if (*rules != docker_api::RequestRules()) {
    const auto detail = std::make_shared<const docker_api::RequestDetail>(std::move(*rules));
    for (Place& each : places) each.detail = detail;
  }
  return places;
}

}  // namespace rollcall::docker
