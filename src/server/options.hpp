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
  std::size_t head_bytes = budget::head_bytes;  ///< Of a request; beyond: 431.
  /// Of a request; it is read and thrown away, as nothing here takes one. Beyond: 413.
  std::size_t body_bytes = budget::body_bytes;
  /// Beyond, the stranger that has waited longest without being answered is let go; if none waits,
  /// the newcomer gets 503 and is closed.
  std::size_t connections = budget::connections;
  /// The same, from one IPv4 address or one /64 of IPv6 of another host. Clients of this host all
  /// have one address, so they are not counted.
  std::size_t connections_of_peer = budget::connections_of_peer;
  /// While they are being answered; beyond: 503.
  std::size_t requests_in_flight = budget::requests_in_flight;
  std::size_t subscribers = budget::subscribers;  ///< Of /v1/events; beyond: 503.
  /// Of changes that are written to a subscriber at once.
  std::size_t batch_entries = budget::batch_entries;
  /// From the first byte of a request to its last, and for a handshake of TLS.
  std::chrono::milliseconds request{10'000};
  std::chrono::milliseconds idle{75'000};   ///< Between two requests of one connection.
  std::chrono::milliseconds write{15'000};  ///< For each 64 KiB of an answer, or batch of changes.
  /// For the whole of an answer, or batch of changes, however steadily it is read.
  std::chrono::milliseconds answer{60'000};
  std::chrono::milliseconds heartbeat{15'000};  ///< Of /v1/events, when nothing changes.
  std::chrono::milliseconds retry{2'000};       ///< What SSE clients are told to wait.
  /// For answers under way when the server stops, and for what a refused client still sends.
  std::chrono::milliseconds drain{500};
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
  /// What `Authorization: Bearer` must say on TCP and on abstract sockets; empty: nothing. The file
  /// of a socket is kept by its mode.
  std::string token{};
  /// Without a token: whether every user of this host may use its addresses; false: only the users
  /// who may use a socket.
  bool all_local_users = false;
  /// Names that a Host header may say besides localhost and addresses.
  std::vector<std::string> hosts{};
  Limits limits{};
  /// How long clients that act on missing instances get 503 while a named engine was never listed.
  std::chrono::milliseconds wait_for_named{300'000};
};

/// Checks the options: beyond this host only with TLS and a token, on an abstract socket only with
/// a token, and the token long enough not to be guessed.
///
/// Errors: invalid_config, a sentence with the remedy.
[[nodiscard]] Result<void> check(const ServerOptions& options);

/// Whether the address of a Unix socket has no file, and so no mode that restricts access.
[[nodiscard]] bool is_abstract(const sockaddr_storage& address, socklen_t size);

/// Whether an address, as TcpListener::host writes it, can be reached from this host alone.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace rollcall::server
