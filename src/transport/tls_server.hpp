// TLS as a server.
#pragma once

#include <array>
#include <ctime>
#include <memory>
#include <string>

#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

#include "transport/stream.hpp"
#include "transport/tls_machine.hpp"

namespace rollcall::tls {

/// The certificate and the key of a server. Files are read again when they have changed.
class ServerIdentity {
 public:
  /// Errors: tls, which says which file is missing, may not be read, or is of no use.
  static Result<std::unique_ptr<ServerIdentity>> open(Pem certificate, Pem key);
  ~ServerIdentity();
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  /// Reads the files again if one of them was changed since. True: there is a new certificate.
  ///
  /// Errors: those of open(), once for each change; what was read before stays in use, as it does
  /// while a certificate was renewed and its key not yet.
  Result<bool> refresh();

  /// One connection, at its beginning. `client` is for sentences about errors.
  [[nodiscard]] MachinePtr session(Endpoint client) const;

 private:
  struct Impl;
  explicit ServerIdentity(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::tls
