// A blocking client of TLS, or of a plain connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "support/process.hpp"

namespace rollcall::support {

/// One connection. Each call throws at its deadline, and when the peer has gone.
class TlsClient {
 public:
  /// Performs the TLS handshake on a connected socket with a server whose certificate this
  /// authority (PEM) has signed; with an empty authority there is no TLS.
  TlsClient(Fd socket, const std::string& authority);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void set_deadline(std::chrono::seconds deadline) const;  ///< Of each wait for the peer.
  void send(std::string_view bytes);
  std::string receive();  ///< The bytes that have come, at least one.

 private:
  struct Session;

  Fd socket_;
  std::unique_ptr<Session> session_;  // null: plain
};

}  // namespace rollcall::support
