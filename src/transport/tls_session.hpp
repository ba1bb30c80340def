// TLS as a client, without any I/O: bytes of the network in, bytes for it out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

#include "transport/endpoint.hpp"

namespace rollcall::tls {

/// One connection. After an error it is of no use any more.
///
/// Once the handshake is done, reading never makes output: what the protocol wants to say by the
/// way goes with the next write, as it may. So one may read while another writes.
class Session {
 public:
  /// Reads the files that `endpoint.tls` names. Blocking, for as long as small files take.
  ///
  /// Errors: tls, which says which file is missing, may not be read, or is of no use.
  static Result<std::unique_ptr<Session>> open(const Endpoint& endpoint);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Goes on as far as it can; true: done. Whatever it returns, there may be output.
  ///
  /// Errors: tls; auth, if the engine does not accept our certificate.
  Result<bool> handshake();

  /// Deciphers what was received; 0: the engine has ended the connection; nothing: more must be
  /// received first.
  ///
  /// Errors: tls; auth: with TLS 1.3 the engine judges our certificate only after the handshake.
  Result<std::optional<std::size_t>> read(std::span<char> into);

  /// Enciphers it.
  Result<void> write(std::string_view data);

  /// Takes what came from the network. Errors: tls, if it is not TLS.
  Result<void> receive(std::string_view bytes);

  /// What must be sent now.
  std::string take_output();

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::tls
