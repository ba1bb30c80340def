#include "server/options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace rollcall::server {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t least_token = 16;
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<RuntimeError> wrong(std::string where, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = std::move(where),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

std::string place(const TcpListener& listener) {
  const bool v6 = listener.host.contains(':');
  return v6 ? fmt::format("[{}]:{}", listener.host, listener.port)
            : fmt::format("{}:{}", listener.host, listener.port);
}

Result<void> check_wide(const std::string& where, const ServerOptions& options) {
  if (options.certificate.certificate.empty()) {
    return wrong(where, "everybody on the network could read and change what is said there",
                 "name a certificate and its key for TLS, or listen on 127.0.0.1");
  }
  if (options.token.empty()) {
    return wrong(where, "everybody on the network could ask what runs here",
                 "name a file with a token, or listen on 127.0.0.1");
  }
  return {};
}

Result<void> check_tcp(const TcpListener& listener, const ServerOptions& options) {
  boost::system::error_code ec;
  ip::make_address(listener.host, ec);
  if (ec && listener.host != "localhost") {
    return wrong(place(listener), "this is not an address",
                 "name one of this host's addresses, such as 127.0.0.1 or ::1");
  }
  if (is_loopback(listener.host)) return {};
  return check_wide(place(listener), options);
}

Result<void> check_socket(const UnixListener& listener) {
  if (!listener.path.starts_with('/')) {
    return wrong(listener.path, "the path of a socket must be absolute",
                 "name it as /run/rollcall/rollcall.sock");
  }
  if (listener.path.size() > longest_path) {
    return wrong(listener.path,
                 fmt::format("the path of a socket has at most {} bytes", longest_path),
                 "name a shorter one");
  }
  if (listener.mode > 0777) {
    return wrong(listener.path, fmt::format("{:o} is no mode of a socket", listener.mode),
                 "name one such as 0660");
  }
  return {};
}

Result<void> check_passed(int socket, const ServerOptions& options) {
  const std::string where = fmt::format("the passed descriptor {}", socket);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int listening = 0;
  socklen_t length = sizeof listening;
  const bool listens =
      ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
  if (!listens || ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return wrong(where, "it is no socket that listens", "use ListenStream= in the socket unit");
  }
  if (address.ss_family == AF_UNIX) {
    if (!is_abstract(address, size) || !options.token.empty()) return {};
    return wrong(
        where,
        "it is an abstract socket: no file mode keeps it, and every user of this host could "
        "ask what runs here",
        "name a file with a token, or pass a socket that has a path");
  }
  std::array<unsigned char, 16> bytes{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    if (ip::address_v4(ntohl(v4.sin_addr.s_addr)).is_loopback()) return {};
    return check_wide(where, options);
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::ranges::copy(v6.sin6_addr.s6_addr, bytes.begin());
    if (ip::address_v6(bytes).is_loopback()) return {};
    return check_wide(where, options);
  }
  return wrong(where, "it is neither TCP nor a Unix socket",
               "use ListenStream= in the socket unit");
}

Result<void> check_token(const std::string& token) {
  if (token.empty()) return {};
  const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!std::ranges::all_of(token, visible)) {
    return wrong("", "the token has characters that no HTTP header can carry",
                 "make one by `openssl rand -hex 32`");
  }
  if (token.size() < least_token) {
    return wrong("", fmt::format("a token of {} characters can be guessed", token.size()),
                 "make one by `openssl rand -hex 32`");
  }
  return {};
}

/// Refuses limits of zero, which would admit no client or never end.
Result<void> check_limits(const Limits& limits) {
  const auto counts = {std::pair("head_bytes", limits.head_bytes),
                       std::pair("connections", limits.connections),
                       std::pair("connections_of_peer", limits.connections_of_peer),
                       std::pair("requests_in_flight", limits.requests_in_flight),
                       std::pair("subscribers", limits.subscribers),
                       std::pair("batch_entries", limits.batch_entries)};
  for (const auto& [name, value] : counts) {
    if (value == 0) return wrong("", fmt::format("the limit {} is 0", name), "name a larger one");
  }
  const auto times = {std::pair("request", limits.request), std::pair("idle", limits.idle),
                      std::pair("write", limits.write), std::pair("answer", limits.answer),
                      std::pair("heartbeat", limits.heartbeat)};
  for (const auto& [name, value] : times) {
    if (value.count() <= 0) {
      return wrong("", fmt::format("the time {} is not above 0", name), "name a longer one");
    }
  }
  return {};
}

}  // namespace

bool is_abstract(const sockaddr_storage& address, socklen_t size) {
  if (address.ss_family != AF_UNIX) return false;
  return size <= offsetof(sockaddr_un, sun_path) ||
         reinterpret_cast<const sockaddr_un&>(address).sun_path[0] == '\0';
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code ec;
  const ip::address address = ip::make_address(host, ec);
  if (ec) return false;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

Result<void> check(const ServerOptions& options) {
  if (options.tcp.empty() && options.sockets.empty() && options.passed.empty()) {
    return wrong("", "the server listens nowhere", "name an address or a socket");
  }
  const CertificateFiles& files = options.certificate;
  if (files.certificate.empty() != files.key.empty()) {
    return wrong(files.certificate + files.key, "a certificate and its key belong together",
                 "name both, or neither");
  }
  if (auto ok = check_token(options.token); !ok) return ok;
  if (auto ok = check_limits(options.limits); !ok) return ok;
  for (const TcpListener& listener : options.tcp) {
    if (auto ok = check_tcp(listener, options); !ok) return ok;
  }
  for (const UnixListener& listener : options.sockets) {
    if (auto ok = check_socket(listener); !ok) return ok;
  }
  for (const int socket : options.passed) {
    if (auto ok = check_passed(socket, options); !ok) return ok;
  }
  return {};
}

}  // namespace rollcall::server
