// How a connection by TLS is made: whom it trusts, and what it shows of itself.
#pragma once

#include <string>

namespace rollcall {

/// Certificates or a key, as PEM: a file, or the text itself. Of both the text counts.
struct Pem {
  std::string file{};  ///< Read anew for each connection, so that a renewed one is taken at once.
  std::string text{};

  [[nodiscard]] bool empty() const noexcept { return file.empty() && text.empty(); }

  friend bool operator==(const Pem&, const Pem&) = default;
};

/// TLS 1.2 or newer. As it stands it trusts what this system trusts, and shows no certificate.
struct TlsOptions {
  /// The only authorities that are trusted; empty: those of this system.
  Pem authority{};
  /// Our own certificate, and those of the authorities between it and the one that the engine
  /// knows; empty: none is shown.
  Pem certificate{};
  Pem key{};  ///< Of `certificate`; RSA or EC, without a passphrase.
  /// The name that the engine's certificate must have; empty: the host that is connected to.
  std::string server_name{};
  /// False: whoever answers is believed. Somebody in between may read and change everything.
  bool verify = true;
  /// The engine's certificate must be exactly this one. Then nothing else of it is verified:
  /// neither authority nor name nor dates.
  Pem pinned{};
  /// Its SHA-256: 64 hexadecimal digits, also with colons. If `pinned` is set as well, both hold.
  std::string fingerprint{};

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace rollcall
