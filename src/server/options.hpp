// The options of the daemon's HTTP server: listeners, access and limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <rollcall/result.hpp>
#include <sys/socket.h>

#include "core/budgets.hpp"

namespace rollcall::server {

/// The limits of one client, and of all clients together.
///
/// Connections, requests in flight and subscribers are counted twice: those of trusted clients
/// (Client::trusted) and those of all others, so that strangers never take what the former need.
struct Limits {
  std::size_t head_bytes = budget::head_bytes;  ///< Of a request; a longer head gets 431.
  /// Of a request, whose body is read and discarded, as no route takes one; a longer body gets 413.
  std::size_t body_bytes = budget::body_bytes;
  /// A stranger beyond the limit takes the place of one that is not being answered (guests.hpp); if
  /// there is none, it gets 503 and is closed.
  std::size_t connections = budget::connections;
  /// The same for one remote host: an IPv4 address, or a /64 of IPv6. Clients of this host all have
  /// one address, so they are not counted.
  std::size_t connections_of_peer = budget::connections_of_peer;
  /// Requests that are being answered; further ones get 503.
  std::size_t requests_in_flight = budget::requests_in_flight;
  std::size_t subscribers = budget::subscribers;  ///< Of /v1/events; further ones get 503.
  /// Changes that are written to a subscriber at once.
  std::size_t batch_entries = budget::batch_entries;
  /// From the first byte of a request to its last; also for a TLS handshake.
  std::chrono::milliseconds request{10'000};
  std::chrono::milliseconds idle{75'000};   ///< Between two requests of one connection.
  std::chrono::milliseconds write{15'000};  ///< For each 64 KiB of an answer, or batch of changes.
  /// For a whole answer or batch of changes, however steadily it is read.
  std::chrono::milliseconds answer{60'000};
  std::chrono::milliseconds heartbeat{15'000};  ///< Of /v1/events, when nothing changes.
  std::chrono::milliseconds retry{2'000};       ///< The reconnection delay sent to SSE clients.
  /// For answers under way when the server stops, and for what a refused client still sends.
  std::chrono::milliseconds drain{500};
};

struct TcpListener {
  std::string host = "127.0.0.1";  ///< An address; "localhost" is 127.0.0.1.
  std::uint16_t port = 7655;       ///< 0: any free port.

  friend bool operator==(const TcpListener&, const TcpListener&) = default;
};

struct UnixListener {
  std::string path;  ///< Absolute.
  unsigned mode = 0660;

  friend bool operator==(const UnixListener&, const UnixListener&) = default;
};

/// PEM files; when one of them changes, the next connection gets the new certificate.
struct CertificateFiles {
  std::string certificate;  ///< With the intermediate certificates.
  std::string key;

  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

struct ServerOptions {
  std::vector<TcpListener> tcp{TcpListener{}};
  std::vector<UnixListener> sockets{};
  /// Descriptors that listen already, from a service manager; the server takes ownership.
  std::vector<int> passed{};
  /// If both files are named, TCP accepts TLS only; Unix sockets never use TLS.
  CertificateFiles certificate{};
  /// The token that `Authorization: Bearer` must carry on TCP and on abstract sockets; empty: none
  /// is required. Other Unix sockets are protected by the mode of their file.
  std::string token{};
  /// Matters if there is no token: whether every user of this host may use the TCP addresses, not
  /// only those who may use a socket.
  bool all_local_users = false;
  /// Names that a Host header may contain besides localhost and addresses.
  std::vector<std::string> hosts{};
  Limits limits{};
  /// How long clients that act on missing instances get 503 while a named engine was never listed.
  std::chrono::milliseconds wait_for_named{300'000};
};

/// Checks the options. Listening beyond this host requires TLS and a token, an abstract socket
/// requires a token, and a token must be long enough not to be guessed.
///
/// Errors: invalid_config, with the remedy.
[[nodiscard]] Result<void> check(const ServerOptions& options);

/// Whether the address of a Unix socket has no file, and so no mode that restricts access.
[[nodiscard]] bool is_abstract(const sockaddr_storage& address, socklen_t size);

/// Whether an address, as TcpListener::host writes it, can be reached from this host alone.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace rollcall::server
