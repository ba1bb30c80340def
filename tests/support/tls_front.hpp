// A TLS front end for a server without TLS, in the test's own executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "support/certificates.hpp"

namespace rollcall::test {

struct TlsFrontOptions {
  support::Identity identity{};    ///< Its certificate; others may follow in the PEM.
  std::string client_authority{};  ///< PEM; not empty: clients need a certificate signed by it.
  bool only_1_2 = false;           ///< Else TLS 1.3.
  bool only_1_1 = false;
};

/// Listens on a free port of the loopback and forwards the decrypted bytes, both ways.
class TlsFront {
 public:
  /// `socket`: the path of the engine's Unix socket.
  TlsFront(boost::asio::io_context& io, const std::string& socket, TlsFrontOptions options);
  /// `port`: of the loopback.
  TlsFront(boost::asio::io_context& io, std::uint16_t port, TlsFrontOptions options);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  /// Shows another certificate from now on. Existing connections stay.
  void renew(support::Identity identity);

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  ///< "https://127.0.0.1:PORT"

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::test
