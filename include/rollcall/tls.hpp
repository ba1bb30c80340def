// TLS settings of a connection: the authorities it trusts and the certificate it presents.
#pragma once

#include <string>

namespace rollcall {

/// Certificates or a key, as PEM: a file, or the text itself. If both are set, the text counts.
struct Pem {
  std::string file{};  ///< Read again for each connection, so that a renewal takes effect at once.
  std::string text{};

  [[nodiscard]] bool empty() const noexcept { return file.empty() && text.empty(); }

  friend bool operator==(const Pem&, const Pem&) = default;
};

/// TLS 1.2 or newer. The default trusts this system's authorities and presents no certificate.
struct TlsOptions {
  /// The only authorities that are trusted; empty: those of this system.
  Pem authority{};
  /// Our own certificate, and the intermediate ones between it and an authority that the engine
  /// knows; empty: none is presented.
  Pem certificate{};
  Pem key{};  ///< Of `certificate`; RSA or EC, without a passphrase.
  /// The name that the engine's certificate must have; empty: the host that is connected to.
  std::string server_name{};
  /// False: any server is accepted, so an attacker in between may read and change everything.
  bool verify = true;
  /// The engine's certificate must be exactly this one. Then nothing else of it is verified:
  /// neither authority nor name nor dates.
  Pem pinned{};
  /// Its SHA-256: 64 hexadecimal digits, also with colons. If `pinned` is set as well, both hold.
  std::string fingerprint{};

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace rollcall
