#include "cli/daemon/check.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/daemon/start_check.hpp"
#include "cli/token_file.hpp"
#include "core/text/numbers.hpp"
#include "core/text/shown_url.hpp"
#include "core/text/text.hpp"

namespace rollcall::cli::daemon {
namespace {

void check_engines(const Config& config, ConfigErrors& errors) {
  std::set<std::pair<std::string_view, std::string>> seen;
  for (const EngineConfig& engine : config.engines) {
    const auto kind = parse_kind(engine.runtime);
    const std::string name =
        excerpt(engine.alias.empty() ? shown_url(engine.endpoint) : engine.alias);
    if (!kind) continue;  // already an error
    if (engine.endpoint.empty() && (!engine.alias.empty() || engine.tls != EngineTlsConfig{})) {
      errors.push_back(
          fmt::format("engines: one of {} has an alias or tls, and no endpoint", to_string(*kind)));
    }
    const std::string& whole = engine.alias.empty() ? engine.endpoint : engine.alias;
    if (!seen.emplace(to_string(*kind), whole).second) {
      errors.push_back(fmt::format("engines: '{}' of {} is there twice; give each an alias", name,
                                   to_string(*kind)));
    }
    if (engine.tls.certificate.empty() != engine.tls.key.empty()) {
      errors.push_back(
          fmt::format("engines: of '{}' a tls.certificate and its tls.key belong together", name));
    }
  }
}

std::optional<TlsOptions> tls_of(const EngineTlsConfig& tls) {
  if (tls == EngineTlsConfig{}) return {};
  return TlsOptions{.authority = {.file = tls.authority},
                    .certificate = {.file = tls.certificate},
                    .key = {.file = tls.key},
                    .server_name = tls.server_name,
                    .verify = tls.verify,
                    .pinned = {.file = tls.pinned},
                    .fingerprint = tls.fingerprint};
}

}  // namespace

std::expected<server::TcpListener, std::string> parse_listener(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string wrong =
      fmt::format("'{}' is no address with a port, such as 127.0.0.1:7655 or [::1]:7655",
                  excerpt(shown_url(text)));
  if (colon == std::string_view::npos) return std::unexpected(wrong);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return std::unexpected(wrong);
  }
  const auto port = whole_number<std::uint16_t>(digits);
  if (host.empty() || !port) return std::unexpected(wrong);
  return server::TcpListener{.host = std::string(host), .port = *port};
}

std::string socket_of(const Config& config, const Getenv& getenv) {
  if (config.socket == "none") return {};
  if (config.socket != "auto") return config.socket;
  constexpr std::string_view name = "rollcall.sock";
  // systemd may give a list of folders.
  if (const auto folder = getenv("RUNTIME_DIRECTORY"); folder && !folder->empty()) {
    return fmt::format("{}/{}", folder->substr(0, folder->find(':')), name);
  }
  if (::geteuid() == 0) return fmt::format("/run/rollcall/{}", name);
  if (const auto folder = getenv("XDG_RUNTIME_DIR"); folder && !folder->empty()) {
    return fmt::format("{}/{}", *folder, name);
  }
  return {};
}

server::ServerOptions server_options(const Config& config, const Getenv& getenv) {
  server::ServerOptions options;
  options.tcp.clear();
  for (const std::string& text : config.listen) {
    if (auto listener = parse_listener(text)) options.tcp.push_back(std::move(*listener));
  }
  if (std::string path = socket_of(config, getenv); !path.empty()) {
    options.sockets.push_back({.path = std::move(path), .mode = config.socket_mode});
  }
  options.certificate = config.tls;
  options.all_local_users = config.local_users == "all";
  options.hosts = config.hosts;
  options.limits = config.limits;
  options.wait_for_named = config.wait_for_named;
  return options;
}

void check(Loaded& loaded, const Sources& sources) {
  const Config& config = loaded.config;
  ConfigErrors& errors = loaded.errors;
  for (const std::string& text : config.listen) {
    const auto listener = parse_listener(text);
    if (!listener) errors.push_back(fmt::format("listen: {}", listener.error()));
  }
  check_engines(config, errors);
  loaded.server = server_options(config, sources.getenv);
  if (!config.token_file.empty()) {
    auto token = read_token(config.token_file);
    if (!token) return errors.push_back(fmt::format("token_file: {}", token.error()));
    loaded.server.token = std::move(*token);
  }
  if (!errors.empty()) return;
  check_start(loaded, sources);
}

Selection selection_of(const Config& config) {
  Selection selection;
  selection.all = config.runtimes.empty() && config.engines.empty();
  for (const std::string& word : config.runtimes) {
    const auto kind = parse_kind(word);
    if (!kind) {
      selection.all = true;  // "all"
    } else if (std::ranges::find(selection.kinds, *kind) == selection.kinds.end()) {
      selection.kinds.push_back(*kind);
    }
  }
  selection.name_by_options(config.runtime_options);
  for (const EngineConfig& engine : config.engines) {
    const auto kind = parse_kind(engine.runtime).value_or(RuntimeBackendKind::docker);
    if (engine.endpoint.empty()) {
      selection.kinds.push_back(kind);
      continue;
    }
    const bool path = engine.endpoint.starts_with('/');
    selection.endpoints.push_back({.kind = kind,
                                   .url = path ? "unix://" + engine.endpoint : engine.endpoint,
                                   .alias = engine.alias,
                                   .tls = tls_of(engine.tls)});
  }
  return selection;
}

BackendOptions backend_options(const Config& config) {
  BackendOptions options;
  options.runtime_options = config.runtime_options;
  return options;
}

}  // namespace rollcall::cli::daemon
