#include "cli/selection.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"

namespace rollcall::cli {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view ssh_scheme = "ssh://";
constexpr std::string_view tcp_scheme = "tcp://";

std::string unknown_runtime(const std::string& word) {
  std::vector<std::string> words = runtime_words();
  words.insert(words.begin(), {"all", "auto"});
  return fmt::format("no runtime is called '{}'{} (there are {})", word, suggestion(word, words),
                     fmt::join(words, ", "));
}

/// Identifies an engine: one name for all paths to one socket.
std::string identity_of(const Target& target) {
  const std::string& url = target.place.url;
  const std::string_view kind = to_string(target.kind);
  if (url.empty()) return std::string(kind);
  // On the far side the runtime's own command connects, as the user whom the key belongs to.
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
  // A folder without read permission counts: the backend will report it.
  return std::filesystem::exists(url.substr(unix_scheme.size()), error) || error;
}

/// The places of one runtime. If that fails, the backend will report why.
std::vector<Target> targets_of(RuntimeBackendKind kind, bool named, const BackendOptions& options) {
  const Target any{.kind = kind, .place = {}, .named = named};
  const BackendDescriptor* const descriptor = descriptor_of(kind);
  if (descriptor == nullptr) return {any};
  auto places = descriptor->places(options);
  if (!places || places->empty()) return {any};
  std::vector<Target> targets;
  for (Place& place : *places) targets.push_back({kind, std::move(place), named});
  return targets;
}

/// The place that the runtime makes of it. If that fails, the backend will report why.
Target target_of(const NamedEndpoint& endpoint, BackendOptions options) {
  Target target{.kind = endpoint.kind,
                .place = {endpoint.url, "--endpoint"},
                .named = true,
                .alias = endpoint.alias,
                .tls = endpoint.tls};
  const BackendDescriptor* const descriptor = descriptor_of(endpoint.kind);
  if (descriptor == nullptr) return target;
  options.endpoint = endpoint.url;
  options.tls = endpoint.tls;
  auto places = descriptor->places(options);
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
      if (!descriptor.meant_by_default(options)) continue;
      all.push_back(targets_of(descriptor.kind, false, options));
    }
  }
  return all;
}

/// Joins the requests into one list, each engine once.
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

/// The runtime of an endpoint without a kind.
std::expected<RuntimeBackendKind, std::string> default_kind(const Selection& selection) {
  // Podman serves Docker's API, too; the engine that answers gives its own name.
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
  for (const std::string& word : endpoints) {
    auto endpoint = parse_endpoint(word, selection);
    if (!endpoint) return std::unexpected(std::move(endpoint.error()));
    if (endpoint->url.empty()) return std::unexpected("the --endpoint '" + word + "' has no URL");
    selection.endpoints.push_back(std::move(*endpoint));
  }
  // "docker host --endpoint docker=URL" means that engine and the host, without Docker's usual
  // places. Any endpoint replaces the search of `auto`.
  std::erase_if(selection.kinds, [&selection](RuntimeBackendKind kind) {
    const auto& named = selection.endpoints;
    if (kind == RuntimeBackendKind::automatic) return !named.empty();
    return std::ranges::find(named, kind, &NamedEndpoint::kind) != named.end();
  });
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
  // The place was decided to be without TLS; environment variables must not turn TLS on again.
  const RuntimeTraits* const runtime = traits_of(target.kind);
  const bool speaks_http = runtime == nullptr || runtime->speaks_http;
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
