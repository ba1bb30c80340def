#include "backends/kubernetes/places.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <rollcall/options/kubernetes.hpp>

#include "backends/kubernetes/environment_proxy.hpp"
#include "backends/kubernetes/kubeconfig.hpp"
#include "core/budgets.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"
#include "transport/tls/faults.hpp"

namespace rollcall::kubernetes {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view option_source = "--kubeconfig";
constexpr std::string_view variable_source = "KUBECONFIG";
constexpr std::string_view home_source = "~/.kube/config";
constexpr std::string_view pod_source = "service account";
constexpr std::size_t max_namespace = budget::namespace_bytes;

std::string variable(const BackendOptions& options, std::string_view name) {
  return options.getenv(name).value_or(std::string());
}

/// The configuration that was found, and which setting named it.
struct Found {
  std::optional<Kubeconfig> config{};  ///< Absent: it is a service account.
  std::string_view source;
  Access access;
};

std::vector<fs::path> split_paths(std::string_view list) {
  std::vector<fs::path> paths;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    const fs::path path(list.substr(0, end));
    if (!path.empty() && std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return paths;
}

std::string host_of_pod(const BackendOptions& options) {
  std::string host = variable(options, "KUBERNETES_SERVICE_HOST");
  return host.contains(':') && !host.starts_with('[') ? "[" + host + "]" : host;
}

bool in_pod(const BackendOptions& options, const fs::path& folder) {
  std::error_code ignored;
  return !variable(options, "KUBERNETES_SERVICE_HOST").empty() &&
         !variable(options, "KUBERNETES_SERVICE_PORT").empty() &&
         fs::exists(folder / "token", ignored);
}

/// Empty if it cannot be read.
std::string namespace_of_pod(const fs::path& folder) {
  std::string name = read_file((folder / "namespace").string(), max_namespace).value_or("");
  while (name.ends_with('\n')) name.pop_back();
  return name;
}

Result<Access> of_pod(const BackendOptions& options, const fs::path& folder) {
  auto access = access_at(fmt::format("https://{}:{}", host_of_pod(options),
                                      variable(options, "KUBERNETES_SERVICE_PORT")));
  if (!access) {
    RuntimeError error = std::move(access.error());
    error.what = fmt::format("KUBERNETES_SERVICE_HOST or _PORT is wrong: {}", error.what);
    return fail(std::move(error));
  }
  const fs::path token = folder / "token";
  std::error_code unknown;
  if (fs::exists(folder / "ca.crt", unknown) || unknown) {
    access->endpoint.tls.authority.file = (folder / "ca.crt").string();
  }
  access->credentials = TokenFile{token.string()};
  access->user = fmt::format("the service account of this pod (token file {})", token.string());
  access->default_namespace = namespace_of_pod(folder);
  access->origin = access->user;
  return access;
}

std::unexpected<RuntimeError> nothing(std::string endpoint, std::string what) {
  return fail({.kind = ErrorKind::invalid_config,
               .fault = ConnectFault::missing,
               .endpoint = std::move(endpoint),
               .what = std::move(what),
               .remedy = "name a kubeconfig with --kubeconfig or KUBECONFIG"});
}

Result<Found> resolved(std::optional<Kubeconfig> config, std::string_view source,
                       const BackendOptions& options) {
  auto access = resolve(*config, options.of<KubernetesOptions>().context, source);
  if (!access) return fail(std::move(access.error()));
  return Found{.config = std::move(config), .source = source, .access = std::move(*access)};
}

/// The first configuration that exists. --context rules out the service account.
Result<Found> find(const BackendOptions& options, const fs::path& service_account) {
  const std::string& named = options.of<KubernetesOptions>().kubeconfig;
  if (!named.empty()) {
    auto config = load_kubeconfig({named});
    if (!config) return fail(std::move(config.error()));
    if (!*config) return nothing(named, "there is no such kubeconfig");
    return resolved(std::move(*config), option_source, options);
  }
  const std::string listed = variable(options, variable_source);
  auto config = load_kubeconfig(split_paths(listed));
  if (!config) return fail(std::move(config.error()));
  if (*config) return resolved(std::move(*config), variable_source, options);
  if (options.of<KubernetesOptions>().context.empty() && in_pod(options, service_account)) {
    auto access = of_pod(options, service_account);
    if (!access) return fail(std::move(access.error()));
    return Found{.source = pod_source, .access = std::move(*access)};
  }
  if (!listed.empty()) return nothing(listed, "no kubeconfig that KUBECONFIG names is there");
  const std::string home = variable(options, "HOME");
  const fs::path usual = fs::path(home) / ".kube/config";
  config = home.empty() ? std::nullopt : load_kubeconfig({usual});
  if (!config) return fail(std::move(config.error()));
  if (*config) return resolved(std::move(*config), home_source, options);
  return nothing(usual.string(), "there is neither a kubeconfig nor the service account of a pod");
}

/// How the server is reached, for people.
std::string note_of(const Access& access) {
  std::string note = access.origin;
  const auto add = [&note](std::string_view more) {
    if (!note.empty()) note += ", ";
    note += more;
  };
  if (!access.default_namespace.empty()) add("namespace " + excerpt(access.default_namespace));
  if (access.endpoint.scheme == Endpoint::Scheme::tls) {
    add("TLS, " + tls::summary(access.endpoint.tls));
  }
  if (access.proxy) add("by way of the proxy " + access.proxy->endpoint.url());
  return note;
}

Result<std::vector<Place>> place_of(std::string source, Access access,
                                    const BackendOptions& options,
                                    const fs::path& service_account) {
  if (!access.proxy) {
    auto proxy = environment_proxy(access, options);
    if (!proxy) return fail(std::move(proxy.error()));
    access.proxy = std::move(*proxy);
  }
  Place place{.url = access.url(), .source = std::move(source), .note = note_of(access)};
  if (access.endpoint.scheme == Endpoint::Scheme::tls) place.tls = access.endpoint.tls;
  const auto find_anew = [options, service_account]() -> Result<Access> {
    auto found = places(options, service_account);
    if (!found) return fail(std::move(found.error()));
    return *access_of(found->front());
  };
  place.detail = std::make_shared<AccessDetail>(std::move(access), find_anew);
  return std::vector{std::move(place)};
}

/// The first context whose server has this URL.
std::optional<Access> leading_to(const std::string& url, const Found& found) {
  if (found.access.url() == url) return found.access;
  if (!found.config) return std::nullopt;
  for (const ContextEntry& context : found.config->contexts) {
    auto access = resolve(*found.config, context.name, found.source);
    if (access && access->url() == url) return std::move(*access);
  }
  return std::nullopt;
}

Result<std::vector<Place>> named_place(const BackendOptions& options,
                                       const fs::path& service_account) {
  auto bare = access_at(options.endpoint);
  if (!bare) return fail(std::move(bare.error()));
  const bool tls = bare->endpoint.scheme == Endpoint::Scheme::tls;
  if (options.tls && !tls) return fail(tls::url_without_tls(bare->url()));
  const auto& own = options.of<KubernetesOptions>();
  const bool explicitly = !own.kubeconfig.empty() || !own.context.empty();
  auto found = find(options, service_account);
  if (!found && explicitly) return fail(std::move(found.error()));
  Access access = std::move(*bare);
  std::string source = "--endpoint";
  if (auto known = found ? leading_to(access.url(), *found) : std::nullopt) {
    access = std::move(*known);
    source = found->source;
  } else if (!found && found.error().fault != ConnectFault::missing) {
    access.origin = "without a credential: " + found.error().describe();
  }
  if (options.tls) access.endpoint.tls = *options.tls;
  return place_of(std::move(source), std::move(access), options, service_account);
}

}  // namespace

const Access* access_of(const Place& place) {
  const auto* detail = dynamic_cast<const AccessDetail*>(place.detail.get());
  return detail == nullptr ? nullptr : &detail->access;
}

FindAccess access_finder_of(const Place& place) {
  const auto* detail = dynamic_cast<const AccessDetail*>(place.detail.get());
  return detail == nullptr ? FindAccess() : detail->find_anew;
}

Result<std::vector<Place>> places(const BackendOptions& options) {
  return places(options, service_account_folder);
}

Result<std::vector<Place>> places(const BackendOptions& options, const fs::path& service_account) {
  if (!options.endpoint.empty()) return named_place(options, service_account);
  auto found = find(options, service_account);
  if (!found) return fail(std::move(found.error()));
  return place_of(std::string(found->source), std::move(found->access), options, service_account);
}

bool in_cluster(const BackendOptions& options) {
  return in_pod(options, service_account_folder);
}

}  // namespace rollcall::kubernetes
