#include "cli/daemon/start_check.hpp"

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assembly/registry.hpp"
#include "cli/daemon/check.hpp"
#include "transport/tls/server.hpp"

namespace rollcall::cli::daemon {
namespace {

namespace fs = std::filesystem;
using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// Descriptors for the log, engines, files and short-lived uses.
constexpr rlim_t other_descriptors = 64;

TcpEndpoint endpoint_of(const server::TcpListener& listener) {
  const std::string host = listener.host == "localhost" ? "127.0.0.1" : listener.host;
  return {boost::asio::ip::make_address(host), listener.port};
}

/// The errno of a trial bind() that leaves nothing behind; 0 also if another program listens there.
int try_address(const TcpEndpoint& endpoint) {
  const int family = endpoint.address().is_v6() ? AF_INET6 : AF_INET;
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const int again = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  const int bound = ::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  const int error = bound == 0 || errno == EADDRINUSE ? 0 : errno;
  ::close(socket);
  return error;
}

/// Whether the kernel lets only one of the two listen.
bool overlap(const TcpEndpoint& a, const TcpEndpoint& b) {
  if (a.port() != b.port() || a.port() == 0) return false;
  const auto any_v6 = [](const TcpEndpoint& e) {
    return e.address().is_v6() && e.address().is_unspecified();
  };
  if (any_v6(a) || any_v6(b)) return true;  // it takes IPv4, too
  if (a.address().is_v4() != b.address().is_v4()) return false;
  return a.address() == b.address() || a.address().is_unspecified() || b.address().is_unspecified();
}

void check_addresses(Loaded& loaded) {
  const auto& listeners = loaded.server.tcp;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const TcpEndpoint endpoint = endpoint_of(listeners[i]);
    if (const int error = try_address(endpoint); error != 0) {
      const auto* const remedy =
          error == EPERM ? "; allow it in the unit, by SocketBindAllow=" : "";
      loaded.errors.push_back(fmt::format("listen: {}: it cannot be listened on: {}{}",
                                          loaded.config.listen[i],
                                          std::generic_category().message(error), remedy));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (listeners[i] == listeners[j] || !overlap(endpoint, endpoint_of(listeners[j]))) continue;
      loaded.errors.push_back(fmt::format("listen: {} and {} are one place; name one of them",
                                          loaded.config.listen[j], loaded.config.listen[i]));
    }
  }
}

/// Why no socket can be made there; empty: it can.
std::string why_no_socket(const fs::path& path) {
  struct ::stat there{};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
    return "there is a file that is no socket; name another path, or remove it";
  }
  fs::path folder = path.parent_path();
  struct ::stat status{};
  while (::stat(folder.c_str(), &status) != 0) {
    if (errno != ENOENT || !folder.has_relative_path()) {
      return fmt::format("its folder {}: {}", folder.string(),
                         std::generic_category().message(errno));
    }
    folder = folder.parent_path();  // missing folders will be made
  }
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is no folder", folder.string());
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fmt::format("nothing can be made in the folder {}: {}; name another place",
                     folder.string(), std::generic_category().message(errno));
}

void check_sockets(Loaded& loaded) {
  for (const server::UnixListener& socket : loaded.server.sockets) {
    const std::string why = why_no_socket(socket.path);
    if (!why.empty()) loaded.errors.push_back(fmt::format("socket: {}: {}", socket.path, why));
  }
}

void check_identity(Loaded& loaded) {
  const server::CertificateFiles& files = loaded.server.certificate;
  if (files.certificate.empty()) return;
  const auto identity = tls::ServerIdentity::open({.file = files.certificate}, {.file = files.key});
  if (!identity) loaded.errors.push_back("tls: " + identity.error().describe());
}

void check_descriptors(Loaded& loaded) {
  constexpr std::string_view key = "limits.connections";
  const auto origin = loaded.origins.find(key);
  rlimit limit{};
  // The default is an upper bound, not a request, so fewer descriptors are no error.
  if (origin == loaded.origins.end() || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = loaded.config.limits.connections + other_descriptors;
  if (limit.rlim_max == RLIM_INFINITY || wanted <= limit.rlim_max) return;
  loaded.errors.push_back(
      fmt::format("{}: {}: this process may open {} files at most, and each connection is one; "
                  "name fewer, or raise LimitNOFILE= or `ulimit -Hn`",
                  origin->second, key, limit.rlim_max));
}

/// Whether it is a URL. Names of contexts and remotes, and files, may still come before use.
bool is_url(std::string_view text) {
  return text.contains("://");
}

void check_endpoints(Loaded& loaded, const Sources& sources) {
  for (const auto& named : selection_of(loaded.config).endpoints) {
    const Runtime* const runtime = runtime_of(named.kind);
    if (runtime == nullptr || !is_url(named.url)) continue;
    BackendOptions options = backend_options(loaded.config);
    options.endpoint = named.url;
    options.tls = named.tls;
    options.getenv = sources.getenv;
    const auto places = runtime->places(options);
    if (places || places.error().kind != ErrorKind::invalid_config) continue;
    if (places.error().fault == ConnectFault::missing) continue;
    loaded.errors.push_back("engines: " + places.error().describe());
  }
}

}  // namespace

void check_start(Loaded& loaded, const Sources& sources) {
  const server::ServerOptions& options = loaded.server;
  const bool passed = sources.sockets_passed || sources.getenv("LISTEN_FDS");
  const bool nowhere = options.tcp.empty() && options.sockets.empty();
  if (!nowhere || !passed) {
    const auto allowed = server::check(options);
    if (!allowed) return loaded.errors.push_back(allowed.error().describe());
  }
  check_endpoints(loaded, sources);
  check_descriptors(loaded);
  if (!sources.check_only) return;
  check_identity(loaded);
  check_addresses(loaded);
  check_sockets(loaded);
}

}  // namespace rollcall::cli::daemon
