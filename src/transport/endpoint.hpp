// Where an engine listens: a URL, understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall {

/// What an ssh:// URL does not tell.
struct SshOptions {
  std::string program = "ssh";  ///< Looked for on PATH, unless it has a slash.
  std::string identity{};       ///< The file of the key; empty: as the user has configured ssh.
  /// What the shell of the far side runs, to speak with the engine by standard input and output.
  std::string command{};

  friend bool operator==(const SshOptions&, const SshOptions&) = default;
};

struct Endpoint {
  enum class Scheme : std::uint8_t { unix_socket, tcp, tls, ssh };

  Scheme scheme = Scheme::unix_socket;
  std::string path;        ///< Of a Unix socket; of ssh that of the far side, empty: the usual one.
  std::string host;        ///< Of the others; without brackets.
  std::uint16_t port = 0;  ///< Of the others; of ssh 0 is as the user has configured it.
  std::string user{};      ///< Of ssh; empty: as the user has configured it.
  TlsOptions tls{};        ///< Of TLS.
  SshOptions ssh{};        ///< Of ssh.

  /// The canonical URL: "unix:///run/docker.sock", "tcp://[::1]:2375", "https://host:2376",
  /// "ssh://user@host".
  [[nodiscard]] std::string url() const;

  /// What the Host header of a request says.
  [[nodiscard]] std::string host_header() const;

  /// Whether the engine is on this host, as far as the URL tells.
  [[nodiscard]] bool local() const noexcept { return scheme == Scheme::unix_socket; }

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// The ports of URLs that name none.
struct DefaultPorts {
  std::uint16_t plain = 80;
  std::uint16_t tls = 443;
};

/// Understands unix:///path, unix:/path, /path, tcp://host[:port], http://host[:port],
/// https://host[:port] and ssh://[user@]host[:port][/path].
///
/// Errors: invalid_config, which says what is wrong and what would be right; for a path too long
/// for a Unix socket (107 bytes), for schemes that are not supported, and for what ssh or a shell
/// could take for more than a name, too.
Result<Endpoint> parse_endpoint(std::string_view url, DefaultPorts ports);

/// The same with one port for all.
inline Result<Endpoint> parse_endpoint(std::string_view url, std::uint16_t default_port) {
  return parse_endpoint(url, DefaultPorts{.plain = default_port, .tls = default_port});
}

}  // namespace rollcall
