// One end of a TLS connection, without any I/O: bytes of the network in, bytes for it out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rollcall/result.hpp>

namespace rollcall::tls {

/// One connection. After an error it is of no use any more.
///
/// Once the handshake is done, reading never makes output: what the protocol wants to say by the
/// way goes with the next write, as it may. So one may read while another writes.
class Machine {
 public:
  virtual ~Machine() = default;

  /// Goes on as far as it can; true: done. Whatever it returns, there may be output.
  ///
  /// Errors: tls; auth, if our certificate is not accepted.
  virtual Result<bool> handshake() = 0;

  /// Deciphers what was received; 0: the other side has ended the connection; nothing: more must be
  /// received first.
  ///
  /// Errors: tls; auth: with TLS 1.3 a server judges our certificate only after the handshake.
  virtual Result<std::optional<std::size_t>> read(std::span<char> into) = 0;

  /// Enciphers it.
  virtual Result<void> write(std::string_view data) = 0;

  /// Takes what came from the network. Errors: tls, if it is not TLS.
  virtual Result<void> receive(std::string_view bytes) = 0;

  /// What must be sent now.
  virtual std::string take_output() = 0;
};

using MachinePtr = std::unique_ptr<Machine>;

}  // namespace rollcall::tls
