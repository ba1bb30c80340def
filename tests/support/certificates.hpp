// Certificates that a test makes for itself.
#pragma once

#include <string>
#include <vector>

namespace rollcall::support {

/// A certificate and its key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

struct CertificateWishes {
  std::string name = "engine";  ///< The common name.
  std::vector<std::string> hosts = {"localhost", "127.0.0.1"};
  int first_day = -1;  ///< From today.
  int last_day = 30;
  bool rsa = false;  ///< Else EC, which is made faster.
};

/// A self-signed certificate that signs others.
Identity make_authority(const std::string& name = "Test CA");

/// A certificate signed by the authority, for a server or a client.
Identity issue(const Identity& authority, const CertificateWishes& wishes = {});

/// A self-signed certificate that is no authority.
Identity self_signed(const CertificateWishes& wishes = {});

/// The key, protected by a passphrase.
std::string encrypted(const Identity& identity);

/// SHA-256 of the certificate, as `openssl x509 -fingerprint` writes it: "AB:CD:…".
std::string fingerprint(const Identity& identity);

}  // namespace rollcall::support
