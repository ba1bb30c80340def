// A parsed URL: where an engine listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall {

/// Settings of an ssh connection that the URL does not hold.
struct SshOptions {
  std::string program = "ssh";  ///< Looked for on PATH, unless it has a slash.
  std::string identity{};       ///< The private key file; empty: as the user's ssh is configured.
  /// The command that the remote shell runs, to reach the engine over its standard input and
  /// output.
  std::string command{};

  friend bool operator==(const SshOptions&, const SshOptions&) = default;
};

struct Endpoint {
  enum class Scheme : std::uint8_t { unix_socket, tcp, tls, ssh };

  Scheme scheme = Scheme::unix_socket;
  std::string path;        ///< Of a Unix socket; with ssh, the remote one (empty: the usual one).
  std::string host;        ///< Of all but Unix sockets; without brackets.
  std::uint16_t port = 0;  ///< Of all but Unix sockets; with ssh, 0: as ssh is configured.
  std::string user{};      ///< For ssh; empty: as the user's ssh is configured.
  TlsOptions tls{};        ///< For TLS.
  SshOptions ssh{};        ///< For ssh.

  /// The canonical URL: "unix:///run/docker.sock", "tcp://[::1]:2375", "https://host:2376",
  /// "ssh://user@host".
  [[nodiscard]] std::string url() const;

  /// The value of the Host header of requests.
  [[nodiscard]] std::string host_header() const;

  /// Whether the engine is on this host, as far as the URL tells.
  [[nodiscard]] bool local() const noexcept { return scheme == Scheme::unix_socket; }

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// The ports for URLs that name none.
struct DefaultPorts {
  std::uint16_t plain = 80;
  std::uint16_t tls = 443;
};

/// Parses unix:///path, unix:/path, /path, tcp://host[:port], http://host[:port],
/// https://host[:port] and ssh://[user@]host[:port][/path].
///
/// Errors: invalid_config, which says what is wrong and what would be right. This includes paths
/// too long for a Unix socket (107 bytes), schemes that are not supported, and users and hosts that
/// ssh or a shell could read as more than a name.
Result<Endpoint> parse_endpoint(std::string_view url, DefaultPorts ports);

/// The same with one port for all.
inline Result<Endpoint> parse_endpoint(std::string_view url, std::uint16_t default_port) {
  return parse_endpoint(url, DefaultPorts{.plain = default_port, .tls = default_port});
}

}  // namespace rollcall
