// Where an engine listens: a URL, understood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall {

struct Endpoint {
  enum class Scheme : std::uint8_t { unix_socket, tcp };

  Scheme scheme = Scheme::unix_socket;
  std::string path;        ///< Of a Unix socket.
  std::string host;        ///< Of TCP; without brackets.
  std::uint16_t port = 0;  ///< Of TCP.

  /// The canonical URL: "unix:///run/docker.sock", "tcp://[::1]:2375".
  [[nodiscard]] std::string url() const;

  /// What the Host header of a request says.
  [[nodiscard]] std::string host_header() const;

  /// Whether the engine is on this host, as far as the URL tells.
  [[nodiscard]] bool local() const noexcept { return scheme == Scheme::unix_socket; }

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Understands unix:///path, unix:/path, /path, tcp://host[:port] and http://host[:port].
///
/// Errors: invalid_config, which says what is wrong and what would be right; for a path too long
/// for a Unix socket (107 bytes) and for schemes that are not supported, too.
Result<Endpoint> parse_endpoint(std::string_view url, std::uint16_t default_port);

}  // namespace rollcall
