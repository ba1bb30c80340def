// One end of a TLS connection without I/O: takes bytes from the network, gives bytes for it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall::tls {

/// One connection. After an error it must not be used.
///
/// After the handshake, reading never produces output: messages of the protocol itself are sent
/// with the next write, which TLS permits. So one coroutine may read while another writes.
class Machine {
 public:
  virtual ~Machine() = default;

  /// Continues the handshake as far as possible; true: it is done. There may be output in any case.
  ///
  /// Errors: tls; auth, if our certificate is not accepted.
  virtual Result<bool> handshake() = 0;

  /// Decrypts what was received. 0: the peer has ended the connection; nullopt: more must be
  /// received first.
  ///
  /// Errors: tls; auth: with TLS 1.3 a server checks our certificate only after the handshake.
  virtual Result<std::optional<std::size_t>> read(std::span<char> into) = 0;

  /// Encrypts the data.
  virtual Result<void> write(std::string_view data) = 0;

  /// Takes bytes from the network. Errors: tls, if they are not TLS.
  virtual Result<void> receive(std::string_view bytes) = 0;

  /// The bytes to send now.
  virtual std::string take_output() = 0;
};

using MachinePtr = std::unique_ptr<Machine>;

}  // namespace rollcall::tls
