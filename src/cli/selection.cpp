#include "cli/selection.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/suggest.hpp"

namespace rollcall::cli {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view ssh_scheme = "ssh://";
constexpr std::string_view tcp_scheme = "tcp://";

std::string unknown_runtime(const std::string& word) {
  const std::vector<std::string> words = {"all",     "auto",  "docker",     "podman",
                                          "systemd", "incus", "kubernetes", "host"};
  return fmt::format("no runtime is called '{}'{} (there are {})", word, suggestion(word, words),
                     fmt::join(words, ", "));
}

/// What tells one engine from another: one name for all paths to one socket.
std::string identity_of(const Target& target) {
  const std::string& url = target.place.url;
  const std::string_view kind = to_string(target.kind);
  if (url.empty()) return std::string(kind);
  // At the far side the command of the runtime leads on, as the user to whom the key belongs.
  if (url.starts_with(ssh_scheme)) {
    return fmt::format("{} {} {}", kind, url, target.place.ssh_identity);
  }
  if (!url.starts_with(unix_scheme)) return url;
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(url.substr(unix_scheme.size()), error);
  return error ? url : std::string(unix_scheme) + path.string();
}

bool may_exist(const Target& target) {
  const std::string& url = target.place.url;
  if (!url.starts_with(unix_scheme)) return true;
  std::error_code error;
  // A folder that we may not look into counts: the backend will say so.
  return std::filesystem::exists(url.substr(unix_scheme.size()), error) || error;
}

/// The places of one runtime. If they cannot be told, the backend is left to say why.
std::vector<Target> targets_of(RuntimeBackendKind kind, bool named, const BackendOptions& options) {
  const Target any{.kind = kind, .place = {}, .named = named};
  if (kind == RuntimeBackendKind::automatic) return {any};
  const BackendDescriptor& descriptor = descriptor_of(kind);
  if (!descriptor.built()) return {any};
  auto places = descriptor.places(options);
  if (!places || places->empty()) return {any};
  std::vector<Target> targets;
  for (Place& place : *places) targets.push_back({kind, std::move(place), named});
  return targets;
}

/// What the runtime makes of it. If that cannot be told, the backend is left to say why.
Target target_of(const NamedEndpoint& endpoint, BackendOptions options) {
  Target target{.kind = endpoint.kind,
                .place = {endpoint.url, "--endpoint"},
                .named = true,
                .alias = endpoint.alias,
                .tls = endpoint.tls};
  const BackendDescriptor& descriptor = descriptor_of(endpoint.kind);
  if (!descriptor.built()) return target;
  options.endpoint = endpoint.url;
  options.tls = endpoint.tls;
  auto places = descriptor.places(options);
  if (places && places->size() == 1) target.place = std::move(places->front());
  return target;
}

/// The targets of each request: an endpoint, a runtime that was named, a runtime of "all".
std::vector<std::vector<Target>> requests(const Selection& selection,
                                          const BackendOptions& options) {
  std::vector<std::vector<Target>> all;
  for (const NamedEndpoint& endpoint : selection.endpoints) {
    all.push_back({target_of(endpoint, options)});
  }
  for (const RuntimeBackendKind kind : selection.kinds) {
    all.push_back(targets_of(kind, true, options));
  }
  if (selection.all) {
    for (const BackendDescriptor& descriptor : backend_descriptors()) {
      if (!descriptor.built() || !descriptor.meant_by_default(options)) continue;
      all.push_back(targets_of(descriptor.kind, false, options));
    }
  }
  return all;
}

/// All in one list, each engine once.
std::vector<Target> merged(std::vector<std::vector<Target>> requests) {
  std::vector<Target> all;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (Target& target : requests[i]) {
      if (!seen.insert(identity_of(target)).second) continue;
      target.request = i;
      all.push_back(std::move(target));
    }
  }
  return all;
}

/// The runtime of an endpoint that does not tell its own.
std::expected<RuntimeBackendKind, std::string> default_kind(const Selection& selection) {
  // Podman serves Docker's API too, and what answers there tells its own name.
  if (selection.kinds.empty()) return RuntimeBackendKind::docker;
  if (selection.kinds.size() == 1) {
    const auto kind = selection.kinds.front();
    return kind == RuntimeBackendKind::automatic ? RuntimeBackendKind::docker : kind;
  }
  return std::unexpected(
      std::string("which runtime is the --endpoint of? write it as KIND=URL, such as "
                  "docker=unix:///run/docker.sock"));
}

std::expected<NamedEndpoint, std::string> parse_endpoint(const std::string& word,
                                                         const Selection& selection) {
  const std::size_t equals = word.find('=');
  // The = of "unix:///a=b" belongs to the URL.
  if (equals == std::string::npos || word.find("://") < equals || word.starts_with('/')) {
    const auto kind = default_kind(selection);
    if (!kind) return std::unexpected(kind.error());
    return NamedEndpoint{*kind, word.starts_with('/') ? std::string(unix_scheme) + word : word};
  }
  const auto kind = parse_kind(word.substr(0, equals));
  if (!kind) return std::unexpected(unknown_runtime(word.substr(0, equals)));
  return NamedEndpoint{*kind, word.substr(equals + 1)};
}

}  // namespace

std::expected<Selection, std::string> Selection::parse(std::span<const std::string> runtimes,
                                                       std::span<const std::string> endpoints) {
  Selection selection;
  selection.all = runtimes.empty() && endpoints.empty();
  for (const std::string& word : runtimes) {
    const auto kind = parse_kind(word);
    if (word == "all") {
      selection.all = true;
    } else if (!kind) {
      return std::unexpected(unknown_runtime(word));
    } else if (std::ranges::find(selection.kinds, *kind) == selection.kinds.end()) {
      selection.kinds.push_back(*kind);
    }
  }
  bool kind_is_taken = false;
  for (const std::string& word : endpoints) {
    auto endpoint = parse_endpoint(word, selection);
    if (!endpoint) return std::unexpected(std::move(endpoint.error()));
    if (endpoint->url.empty()) return std::unexpected("the --endpoint '" + word + "' has no URL");
    kind_is_taken = kind_is_taken || (selection.kinds.size() == 1 &&
                                      (endpoint->kind == selection.kinds.front() ||
                                       selection.kinds.front() == RuntimeBackendKind::automatic));
    selection.endpoints.push_back(std::move(*endpoint));
  }
  // "--runtime docker --endpoint URL" is that engine, and not the usual ones besides.
  if (kind_is_taken) selection.kinds.clear();
  return selection;
}

void Selection::name(RuntimeBackendKind kind) {
  if (all && std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
}

std::vector<Target> targets_to_list(const Selection& selection, const BackendOptions& options) {
  return merged(requests(selection, options));
}

std::vector<Target> targets_to_watch(const Selection& selection, const BackendOptions& options) {
  auto all = requests(selection, options);
  for (std::vector<Target>& request : all) {
    if (request.size() == 1 && !request.front().place.usual) continue;
    const Target any{.kind = request.front().kind, .place = {}, .named = request.front().named};
    std::erase_if(request, [](const Target& target) { return !may_exist(target); });
    if (request.empty()) request.push_back(any);
  }
  return merged(std::move(all));
}

BackendOptions options_for(const Target& target, BackendOptions options) {
  const Place& place = target.place;
  options.endpoint = place.url;
  options.tls = place.tls ? place.tls : target.tls;
  options.alias = target.alias;
  // It was decided that this is without TLS, and variables shall not make TLS of it again.
  const bool speaks_http =
      target.kind != RuntimeBackendKind::host && target.kind != RuntimeBackendKind::systemd;
  if (speaks_http && place.url.starts_with(tcp_scheme)) {
    options.endpoint = "http://" + place.url.substr(tcp_scheme.size());
  }
  if (!place.ssh_identity.empty()) {
    options.getenv = [key = place.ssh_identity, rest = std::move(options.getenv)](
                         std::string_view name) -> std::optional<std::string> {
      return name == "CONTAINER_SSHKEY" ? key : rest(name);
    };
  }
  return options;
}

std::string describe(const Target& target) {
  const std::string kind(to_string(target.kind));
  return target.place.url.empty() ? kind : kind + " at " + target.place.url;
}

}  // namespace rollcall::cli
