// A blocking client's end of TLS, or of a plain connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "support/process.hpp"

namespace rollcall::support {

/// One connection. Each call throws at its deadline, and when the other side has gone.
class TlsClient {
 public:
  /// Shakes hands on a connected socket with a server whose certificate this authority (PEM)
  /// signed; an empty authority: no TLS.
  TlsClient(Fd socket, const std::string& authority);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void set_deadline(std::chrono::seconds deadline) const;  ///< Of each wait for the other side.
  void send(std::string_view bytes);
  std::string receive();  ///< What has come, at least a byte.

 private:
  struct Session;

  Fd socket_;
  std::unique_ptr<Session> session_;  // null: plain
};

}  // namespace rollcall::support
