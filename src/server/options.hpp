// What the HTTP side of the daemon is made of: where it listens, whom it lets in, how much it
// bears.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <rollcall/result.hpp>

namespace rollcall::server {

/// How much one client, and all of them together, may ask of the server.
struct Limits {
  std::size_t head_bytes = std::size_t{16} << 10U;  ///< Of a request; beyond: 431.
  /// Of a request; it is read and thrown away, as nothing here takes one. Beyond: 413.
  std::size_t body_bytes = std::size_t{4} << 10U;
  std::size_t connections = 2048;  ///< Beyond: 503, and the connection is closed.
  /// From one address of another host; beyond: 503. This host is no stranger: all its clients have
  /// one address.
  std::size_t connections_of_peer = 64;
  std::size_t requests_in_flight = 256;  ///< From their head to the end of the answer; beyond: 503.
  std::size_t subscribers = 1024;        ///< Of /v1/events; beyond: 503.
  std::size_t batch_entries = 64;        ///< Of changes that are written to a subscriber at once.
  /// From the first byte of a request to its last, and for a handshake of TLS.
  std::chrono::milliseconds request{10'000};
  std::chrono::milliseconds idle{75'000};   ///< Between two requests of one connection.
  std::chrono::milliseconds write{15'000};  ///< For each 64 KiB of an answer, or batch of changes.
  std::chrono::milliseconds heartbeat{15'000};  ///< Of /v1/events, when nothing changes.
  std::chrono::milliseconds retry{2'000};       ///< What SSE clients are told to wait.
  std::chrono::milliseconds drain{500};         ///< For answers under way, when the server stops.
};

struct TcpListener {
  std::string host = "127.0.0.1";  ///< An address; "localhost" is 127.0.0.1.
  std::uint16_t port = 7655;       ///< 0: any that is free.

  friend bool operator==(const TcpListener&, const TcpListener&) = default;
};

struct UnixListener {
  std::string path;  ///< Absolute.
  unsigned mode = 0660;

  friend bool operator==(const UnixListener&, const UnixListener&) = default;
};

/// Files of PEM; when one of them changes, the next connection gets the new certificate.
struct CertificateFiles {
  std::string certificate;  ///< With those of the authorities in between.
  std::string key;

  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

struct ServerOptions {
  std::vector<TcpListener> tcp{TcpListener{}};
  std::vector<UnixListener> sockets{};
  /// Descriptors that listen already, from a service manager; the server takes them.
  std::vector<int> passed{};
  /// If both files are named, TCP is TLS alone; sockets never are.
  CertificateFiles certificate{};
  /// What `Authorization: Bearer` must say on TCP; empty: nothing. A socket is kept by its mode.
  std::string token{};
  /// Names that a Host header may say besides localhost and addresses.
  std::vector<std::string> hosts{};
  Limits limits{};
};

/// Whether it may be served: beyond this host only with TLS and a token; a token is long enough not
/// to be guessed.
///
/// Errors: invalid_config, a sentence with the remedy.
[[nodiscard]] Result<void> check(const ServerOptions& options);

/// Whether an address, as TcpListener::host writes it, can be reached from this host alone.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace rollcall::server
