// Certificates and keys of OpenSSL, read from PEM. Used by transport/tls only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>
#include <rollcall/tls.hpp>

namespace rollcall::tls {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, Freed<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<&SSL_CTX_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<&X509_STORE_free>>;
using Connection = std::unique_ptr<SSL, Freed<&SSL_free>>;

/// Reads all certificates; there must be at least one. `what` names them in errors, "the CA
/// certificate".
///
/// Errors: tls, which names the file and says whether it is missing, denied, or not PEM.
Result<std::vector<Certificate>> read_certificates(const Pem& pem, std::string_view what);

/// Errors: the same; tls for a key with a passphrase.
Result<Key> read_key(const Pem& pem, std::string_view what = "the key of the client certificate");

/// Reads the key of our own certificate. Other users must not be able to read its file.
///
/// Errors: the same; tls for a file that others may read.
Result<Key> read_own_key(const Pem& pem, std::string_view what);

/// The system's authorities, for SSL_CTX_set1_cert_store. Loading them takes tens of milliseconds,
/// so each thread keeps them until their file or folder has changed.
X509_STORE* system_authorities();

/// Zero if it is not a valid time.
Timestamp time_of(const ASN1_TIME* time);

/// SHA-256, in lower-case hexadecimal digits.
std::string fingerprint_of(const X509* certificate);

/// Converts a fingerprint that a person wrote to that form: colons, blanks, capitals and a prefix
/// "sha256:" are allowed.
///
/// Errors: invalid_config, unless it has 64 hexadecimal digits.
Result<std::string> plain_fingerprint(std::string_view written);

}  // namespace rollcall::tls
