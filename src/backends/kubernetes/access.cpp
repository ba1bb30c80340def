#include "backends/kubernetes/access.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubernetes/kubeconfig.hpp"
#include "core/budgets.hpp"
#include "core/text/ascii.hpp"
#include "core/text/text.hpp"
#include "hostview/small_files.hpp"
#include "transport/base64.hpp"

namespace rollcall::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 2> exec_versions = {"client.authentication.k8s.io/v1",
                                                           "client.authentication.k8s.io/v1beta1"};
constexpr std::string_view mend_remedy = "mend the kubeconfig, or name another with --kubeconfig";
constexpr std::size_t most_names = 16;
constexpr std::size_t max_authority = budget::file_bytes;

std::unexpected<RuntimeError> unusable(const std::filesystem::path& file, std::string what,
                                       std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = file.string(),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

template <class Entry>
const Entry* find(const std::vector<Entry>& entries, std::string_view name) {
  const auto at = std::ranges::find(entries, name, &Entry::name);
  return at == entries.end() ? nullptr : &*at;
}

std::string names_of(const std::vector<ContextEntry>& contexts) {
  std::vector<std::string> names;
  for (const ContextEntry& context : contexts | std::views::take(most_names)) {
    names.push_back(excerpt(context.name));
  }
  if (contexts.size() > most_names) {
    names.push_back(fmt::format("and {} more", contexts.size() - most_names));
  }
  return names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "));
}

std::string files_of(const Kubeconfig& config) {
  std::vector<std::string> files;
  for (const auto& file : config.files) files.push_back(file.string());
  return fmt::format("{}", fmt::join(files, ", "));
}

Result<const ContextEntry*> chosen_context(const Kubeconfig& config, std::string_view wanted) {
  const std::string_view name = wanted.empty() ? config.current_context : wanted;
  if (name.empty()) {
    return unusable(files_of(config), "the kubeconfig has no current context",
                    "name one with --context: " + names_of(config.contexts));
  }
  const ContextEntry* context = find(config.contexts, name);
  if (context != nullptr) return context;
  return unusable(files_of(config), fmt::format("the kubeconfig has no context {}", excerpt(name)),
                  "name another with --context: " + names_of(config.contexts));
}

/// A server without a scheme speaks TLS if any TLS option is set, as in kubectl.
std::string url_of(const ClusterEntry& cluster, bool has_certificate) {
  if (cluster.server.contains("://")) return cluster.server;
  const bool tls = has_certificate || cluster.insecure || !cluster.authority.empty();
  return (tls ? "https://" : "http://") + cluster.server;
}

TlsOptions tls_of(const ClusterEntry& cluster, const UserEntry* user) {
  TlsOptions tls{.authority = cluster.authority, .server_name = cluster.tls_server_name};
  if (cluster.insecure) {
    tls.verify = false;
    tls.authority = {};
  }
  if (user != nullptr) {
    tls.certificate = user->certificate;
    tls.key = user->key;
  }
  return tls;
}

/// The authority's certificate as text: the plugin may run where the file does not exist.
Result<std::string> authority_text(const Pem& authority) {
  if (!authority.text.empty() || authority.file.empty()) return authority.text;
  auto text = read_file(authority.file, max_authority);
  if (text) return std::move(*text);
  return unusable(
      authority.file,
      fmt::format("the CA certificate for a plugin cannot be read: {}", text.error().what),
      "name a readable file of PEM as certificate-authority");
}

Result<std::string> cluster_info(const ClusterEntry& cluster) {
  json::object info{{"server", cluster.server}};
  if (!cluster.tls_server_name.empty()) info["tls-server-name"] = cluster.tls_server_name;
  if (cluster.insecure) info["insecure-skip-tls-verify"] = true;
  if (!cluster.proxy_url.empty()) info["proxy-url"] = cluster.proxy_url;
  const auto authority = authority_text(cluster.authority);
  if (!authority) return fail(authority.error());
  if (!authority->empty()) info["certificate-authority-data"] = to_base64(*authority);
  boost::system::error_code ec;
  if (!cluster.exec_config.empty()) info["config"] = json::parse(cluster.exec_config, ec);
  return json::serialize(info);
}

std::unexpected<RuntimeError> unsupported(const UserEntry& user, std::string_view what,
                                          std::string remedy) {
  return unusable(user.file, fmt::format("the user {} {}", excerpt(user.name), what),
                  std::move(remedy));
}

Result<ExecPlugin> plugin_of(const UserEntry& user, const ClusterEntry& cluster) {
  ExecPlugin plugin = *user.exec;
  if (!user.exec_wants_cluster) return plugin;
  auto info = cluster_info(cluster);
  if (!info) return fail(std::move(info.error()));
  plugin.cluster_info = std::move(*info);
  return plugin;
}

/// As in kubectl, a token file wins over a token, a token over a username, and that over a plugin.
Result<CredentialSource> credentials_of(const UserEntry& user, const ClusterEntry& cluster) {
  if (!user.token_file.empty()) return TokenFile{.path = user.token_file, .otherwise = user.token};
  if (!user.token.empty()) return BearerToken{user.token};
  if (user.basic) {
    // kubectl would send them, and not ask a plugin.
    return unsupported(user, "has a username and a password, which Kubernetes has removed",
                       "give it a token, a client certificate or a plugin");
  }
  if (user.exec) {
    auto plugin = plugin_of(user, cluster);
    if (!plugin) return fail(std::move(plugin.error()));
    return std::move(*plugin);
  }
  return NoCredential{};
}

/// Refuses contradictions that kubectl refuses, too.
Result<void> check_exec(const UserEntry& user) {
  if (user.auth_provider) {
    return unsupported(user, "has both exec and an auth-provider", "take one of them out");
  }
  const std::string& mode = user.exec_mode;
  const std::string& version = user.exec->api_version;
  if (std::ranges::find(exec_versions, version) == exec_versions.end()) {
    return unsupported(
        user,
        fmt::format("has a plugin of the version {}, which is not supported", excerpt(version)),
        "let it be client.authentication.k8s.io/v1 or v1beta1");
  }
  if (mode.empty() && !version.ends_with("beta1")) {
    return unsupported(user, "has exec without an interactiveMode",
                       "add interactiveMode: Never, IfAvailable or Always");
  }
  if (!mode.empty() && mode != "Never" && mode != "IfAvailable" && mode != "Always") {
    return unsupported(user, fmt::format("has the interactiveMode {}", excerpt(mode)),
                       "let it be Never, IfAvailable or Always");
  }
  return {};
}

Result<void> check_user(const UserEntry& user) {
  if (!user.complaint.empty()) {
    return unusable(user.file, user.complaint, std::string(mend_remedy));
  }
  if (user.certificate.empty() != user.key.empty()) {
    return unsupported(user,
                       user.key.empty() ? "has a client-certificate without its client-key"
                                        : "has a client-key without its client-certificate",
                       "add the other one");
  }
  if (user.basic && (!user.token.empty() || !user.token_file.empty())) {
    return unsupported(user, "has both a token and a username or password", "take one of them out");
  }
  const auto& said = user.impersonation;
  const auto who = std::ranges::find(said, "Impersonate-User", &HttpHeader::first);
  if (!said.empty() && who == said.end()) {
    return unsupported(user, "has as-uid, as-groups or as-user-extra without `as`",
                       "say who is impersonated with `as`");
  }
  if (user.exec) return check_exec(user);
  if (user.auth_provider) {
    return unsupported(user,
                       fmt::format("has the auth-provider {}, which is not supported: Kubernetes "
                                   "has removed them",
                                   excerpt(*user.auth_provider)),
                       "replace it by a plugin (exec) of your provider");
  }
  return {};
}

/// The same for a cluster.
Result<void> check_cluster(const ClusterEntry& cluster) {
  if (!cluster.complaint.empty()) {
    return unusable(cluster.file, cluster.complaint, std::string(mend_remedy));
  }
  if (cluster.insecure && !cluster.authority.empty()) {
    return unusable(cluster.file,
                    fmt::format("the cluster {} has both a certificate-authority and "
                                "insecure-skip-tls-verify",
                                excerpt(cluster.name)),
                    "take insecure-skip-tls-verify out");
  }
  return {};
}

/// The kind of a user's credential, for people.
std::string kind_of(const CredentialSource& source, bool has_certificate) {
  if (const auto* file = std::get_if<TokenFile>(&source))
    return "token file " + printable(file->path);
  if (std::holds_alternative<BearerToken>(source)) return "token";
  if (const auto* plugin = std::get_if<ExecPlugin>(&source)) {
    return "plugin " + excerpt(plugin->command);
  }
  return has_certificate ? "client certificate" : "no credential";
}

Result<void> set_user(Access& access, const UserEntry& user, const ClusterEntry& cluster) {
  auto credentials = credentials_of(user, cluster);
  if (!credentials) return fail(std::move(credentials.error()));
  access.credentials = std::move(*credentials);
  access.impersonation = user.impersonation;
  access.user = fmt::format("the user {} ({})", excerpt(user.name),
                            kind_of(access.credentials, !user.certificate.empty()));
  return {};
}

Result<void> set_proxy(Access& access, const ClusterEntry& cluster) {
  if (cluster.proxy_url.empty()) return {};
  auto proxy = parse_proxy(cluster.proxy_url);
  if (!proxy) {
    return unusable(cluster.file,
                    fmt::format("the cluster {} has a proxy-url: {}", excerpt(cluster.name),
                                proxy.error().what),
                    proxy.error().remedy);
  }
  access.proxy = std::move(*proxy);
  return {};
}

std::string origin_of(const Kubeconfig& config, const ContextEntry& context, const Access& access,
                      std::string_view source) {
  std::string text =
      fmt::format("{} {}, context {}, {}", source, files_of(config), excerpt(context.name),
                  access.user.empty() ? "no user" : access.user);
  if (!access.impersonation.empty()) {
    text += " as " + excerpt(access.impersonation.front().second);
  }
  return text;
}

}  // namespace

bool Access::local() const {
  if (proxy) return false;
  if (endpoint.scheme == Endpoint::Scheme::unix_socket) return true;
  const std::string host = lower_case(endpoint.host);
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  return host == "localhost" || (!no_address && address.is_loopback());
}

Result<Access> access_at(std::string_view url) {
  Access access;
  const bool http = url.starts_with("https://") || url.starts_with("http://") ||
                    url.starts_with("tcp://");  // The form of canonical URLs.
  const std::size_t path = http ? url.find('/', url.find("://") + 3) : std::string_view::npos;
  if (path != std::string_view::npos) {
    access.url_path = url.substr(path);
    while (access.url_path.ends_with('/')) access.url_path.pop_back();
    url = url.substr(0, path);
  }
  auto endpoint = parse_endpoint(url, DefaultPorts{});
  if (!endpoint) return fail(std::move(endpoint.error()));
  const auto odd = [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '?' || c == '#'; };
  if (endpoint->scheme == Endpoint::Scheme::ssh || std::ranges::any_of(access.url_path, odd)) {
    return fail({.kind = ErrorKind::invalid_config,
                 .endpoint = endpoint->url(),
                 .what = "this is no URL of a Kubernetes API server",
                 .remedy = "write https://host:port, or https://host:port/path"});
  }
  access.endpoint = std::move(*endpoint);
  return access;
}

namespace {

/// The entries that a context names.
struct Chosen {
  const ContextEntry* context = nullptr;
  const ClusterEntry* cluster = nullptr;
  const UserEntry* user = nullptr;  ///< Null: the context names none.
};

Result<Chosen> chosen_entries(const Kubeconfig& config, std::string_view context_name) {
  const auto context = chosen_context(config, context_name);
  if (!context) return fail(context.error());
  if (!(*context)->complaint.empty()) {
    return unusable((*context)->file, (*context)->complaint, std::string(mend_remedy));
  }
  const std::string shown = excerpt((*context)->name);
  const ClusterEntry* cluster = find(config.clusters, (*context)->cluster);
  if (auto right = cluster == nullptr ? Result<void>() : check_cluster(*cluster); !right) {
    return fail(std::move(right.error()));
  }
  if (cluster == nullptr || cluster->server.empty()) {
    return unusable((*context)->file,
                    fmt::format("the context {} is of the cluster {}, which {}", shown,
                                excerpt((*context)->cluster),
                                cluster == nullptr ? "is not there" : "has no server"),
                    "`kubectl config view` shows what there is");
  }
  const std::string& user_name = (*context)->user;
  const UserEntry* user = find(config.users, user_name);
  if (user == nullptr && !user_name.empty()) {
    return unusable((*context)->file,
                    fmt::format("the context {} is of the user {}, which is not there", shown,
                                excerpt(user_name)),
                    "`kubectl config view` shows what there is");
  }
  if (auto right = user == nullptr ? Result<void>() : check_user(*user); !right) {
    return fail(std::move(right.error()));
  }
  return Chosen{.context = *context, .cluster = cluster, .user = user};
}

}  // namespace

Result<Access> resolve(const Kubeconfig& config, std::string_view context_name,
                       std::string_view source) {
  const auto chosen = chosen_entries(config, context_name);
  if (!chosen) return fail(chosen.error());
  const auto& [context, cluster, user] = *chosen;
  auto access = access_at(url_of(*cluster, user != nullptr && !user->certificate.empty()));
  if (!access) {
    return unusable(cluster->file,
                    fmt::format("the cluster {}: {}", excerpt(cluster->name), access.error().what),
                    access.error().remedy);
  }
  if (access->endpoint.scheme == Endpoint::Scheme::tls)
    access->endpoint.tls = tls_of(*cluster, user);
  access->default_namespace = context->name_space;
  if (user != nullptr && access->endpoint.scheme == Endpoint::Scheme::tcp) {
    // As in kubectl, credentials are neither read nor sent, and no plugin is run.
    access->user = fmt::format("the user {} (nothing of it is sent: the server is without TLS)",
                               excerpt(user->name));
  } else if (user != nullptr) {
    auto done = set_user(*access, *user, *cluster);
    if (!done) return fail(std::move(done.error()));
  }
  auto proxied = set_proxy(*access, *cluster);
  if (!proxied) return fail(std::move(proxied.error()));
  access->origin = origin_of(config, *context, *access, source);
  return access;
}

}  // namespace rollcall::kubernetes
