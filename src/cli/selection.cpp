#include "cli/selection.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembly/registry.hpp"
#include "core/runtimes.hpp"
#include "core/text/suggest.hpp"

namespace rollcall::cli {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view ssh_scheme = "ssh://";

std::string unknown_runtime(const std::string& word) {
  std::vector<std::string> words = runtime_words();
  words.insert(words.begin(), {"all", "auto"});
  return fmt::format("no runtime is called '{}'{} (there are {})", word, suggestion(word, words),
                     fmt::join(words, ", "));
}

/// Identifies an engine: one name for all paths to one socket.
std::string identity_of(const SelectedEngine& engine) {
  const std::string& url = engine.url();
  const std::string_view kind = to_string(engine.choice.kind);
  if (url.empty()) return std::string(kind);
  // On the far side the runtime's own command connects, as the user that the key belongs to.
  if (url.starts_with(ssh_scheme)) {
    const auto& place = engine.choice.place;
    return fmt::format("{} {} {}", kind, url, place ? place->ssh_identity : "");
  }
  if (!url.starts_with(unix_scheme)) return url;
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(url.substr(unix_scheme.size()), error);
  return error ? url : std::string(unix_scheme) + path.string();
}

bool may_exist(const SelectedEngine& engine) {
  const std::string& url = engine.url();
  if (!url.starts_with(unix_scheme)) return true;
  std::error_code error;
  // A folder without read permission counts: the backend will report it.
  return std::filesystem::exists(url.substr(unix_scheme.size()), error) || error;
}

/// The engine of a runtime at a place that its backend has to find.
SelectedEngine anywhere(RuntimeBackendKind kind, bool named, const BackendOptions& options) {
  return {.choice = {.kind = kind, .options = options}, .named = named};
}

/// The engines of one runtime. If finding their places fails, the backend will report why.
std::vector<SelectedEngine> engines_of(RuntimeBackendKind kind, bool named,
                                       const BackendOptions& options) {
  const Runtime* const runtime = runtime_of(kind);
  auto places = runtime == nullptr ? std::vector<Place>() : runtime->places(options);
  if (!places || places->empty()) return {anywhere(kind, named, options)};
  std::vector<SelectedEngine> engines;
  for (Place& place : *places) {
    engines.push_back(anywhere(kind, named, options));
    engines.back().choice.place = std::move(place);
  }
  return engines;
}

/// The engine at an endpoint, at the place that the runtime makes of it. If that fails, the backend
/// will report why.
std::vector<SelectedEngine> engine_at(const NamedEndpoint& endpoint, BackendOptions options) {
  options.endpoint = endpoint.url;
  options.tls = endpoint.tls;
  options.alias = endpoint.alias;
  auto engines = engines_of(endpoint.kind, true, options);
  if (engines.size() == 1) return engines;
  return {anywhere(endpoint.kind, true, options)};
}

/// The engines of each request: an endpoint, a runtime that was named, a runtime of "all".
std::vector<std::vector<SelectedEngine>> requests(const Selection& selection,
                                                  const BackendOptions& options) {
  std::vector<std::vector<SelectedEngine>> all;
  for (const NamedEndpoint& endpoint : selection.endpoints) {
    all.push_back(engine_at(endpoint, options));
  }
  for (const RuntimeBackendKind kind : selection.kinds) {
    all.push_back(engines_of(kind, true, options));
  }
  if (selection.all) {
    for (const Runtime* runtime : registered_runtimes()) {
      if (!runtime->meant_by_default(options)) continue;
      all.push_back(engines_of(runtime->traits.kind, false, options));
    }
  }
  return all;
}

/// Joins the requests into one list, each engine once.
std::vector<SelectedEngine> merged(std::vector<std::vector<SelectedEngine>> requests) {
  std::vector<SelectedEngine> all;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (SelectedEngine& engine : requests[i]) {
      if (!seen.insert(identity_of(engine)).second) continue;
      engine.request = i;
      all.push_back(std::move(engine));
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

void Selection::name_by_options(const RuntimeOptions& options) {
  if (!all) return;
  for (const RuntimeTraits* runtime : runtimes()) {
    if (!runtime->named_by_options || !any_option_set(*runtime, options)) continue;
    if (std::ranges::find(kinds, runtime->kind) == kinds.end()) kinds.push_back(runtime->kind);
  }
}

std::vector<SelectedEngine> engines_to_list(const Selection& selection,
                                            const BackendOptions& options) {
  return merged(requests(selection, options));
}

std::vector<SelectedEngine> engines_to_watch(const Selection& selection,
                                             const BackendOptions& options) {
  auto all = requests(selection, options);
  for (std::vector<SelectedEngine>& request : all) {
    const SelectedEngine first = request.front();
    if (request.size() == 1 && !(first.choice.place && first.choice.place->usual)) continue;
    std::erase_if(request, [](const SelectedEngine& engine) { return !may_exist(engine); });
    if (request.empty()) request = {anywhere(first.choice.kind, first.named, options)};
  }
  return merged(std::move(all));
}

}  // namespace rollcall::cli
