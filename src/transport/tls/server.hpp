// TLS as a server.
#pragma once

#include <array>
#include <ctime>
#include <memory>
#include <string>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

#include "transport/stream.hpp"
#include "transport/tls/machine.hpp"

namespace rollcall::tls {

/// The certificate and the key of a server. The files are read again when they have changed.
class ServerIdentity {
 public:
  /// Errors: tls, which says which file is missing, may not be read, or is of no use.
  static Result<std::unique_ptr<ServerIdentity>> open(Pem certificate, Pem key);
  ~ServerIdentity();
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  /// Reads the files again if one has changed. Returns true if there is a new certificate.
  ///
  /// Errors: those of open(), once for each change. The old certificate stays in use, as when a
  /// certificate was renewed and its key is not there yet.
  Result<bool> refresh();

  /// A new connection, before its handshake. `client` is for error texts.
  [[nodiscard]] MachinePtr session(Endpoint client) const;

 private:
  struct Impl;
  explicit ServerIdentity(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::tls
