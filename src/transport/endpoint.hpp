// Where an engine listens: a URL, understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall {

struct Endpoint {
  enum class Scheme : std::uint8_t { unix_socket, tcp, tls };

  Scheme scheme = Scheme::unix_socket;
  std::string path;        ///< Of a Unix socket.
  std::string host;        ///< Of TCP and TLS; without brackets.
  std::uint16_t port = 0;  ///< Of TCP and TLS.
  TlsOptions tls{};        ///< Of TLS. The URL does not tell it.

  /// The canonical URL: "unix:///run/docker.sock", "tcp://[::1]:2375", "https://host:2376".
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

/// Understands unix:///path, unix:/path, /path, tcp://host[:port], http://host[:port] and
/// https://host[:port].
///
/// Errors: invalid_config, which says what is wrong and what would be right; for a path too long
/// for a Unix socket (107 bytes) and for schemes that are not supported, too.
Result<Endpoint> parse_endpoint(std::string_view url, DefaultPorts ports);

/// The same with one port for all.
inline Result<Endpoint> parse_endpoint(std::string_view url, std::uint16_t default_port) {
  return parse_endpoint(url, DefaultPorts{.plain = default_port, .tls = default_port});
}

}  // namespace rollcall
