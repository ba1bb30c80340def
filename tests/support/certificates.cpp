#include "support/certificates.hpp"

#include <array>
#include <cctype>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "transport/tls/files.hpp"

namespace rollcall::support {
namespace {

using tls::Bio;
using tls::Certificate;
using tls::Key;

constexpr long day = 24L * 60 * 60;

void check(bool done, std::string_view what) {
  if (!done) throw std::runtime_error(fmt::format("OpenSSL cannot {}", what));
}

std::string content(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Bio writer() {
  return Bio(BIO_new(BIO_s_mem()));
}

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate certificate_of(const Identity& identity) {
  return Certificate(
      PEM_read_bio_X509(reader(identity.certificate).get(), nullptr, nullptr, nullptr));
}

Key key_of(const Identity& identity) {
  return Key(PEM_read_bio_PrivateKey(reader(identity.key).get(), nullptr, nullptr, nullptr));
}

void add_extension(X509* to, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  check(extension != nullptr && X509_add_ext(to, extension, -1) == 1, "add " + value);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string text;
  for (const std::string& host : hosts) {
    const bool address = host.find_first_not_of("0123456789.") == std::string::npos ||
                         host.find(':') != std::string::npos;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", address ? "IP" : "DNS", host);
  }
  return text;
}

/// Makes a certificate; without an issuer it is self-signed.
Identity make(const CertificateWishes& wishes, const Identity* issuer, bool authority) {
  const Key key(wishes.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  const Certificate made(X509_new());
  const Certificate above = issuer == nullptr ? nullptr : certificate_of(*issuer);
  X509* signer = above ? above.get() : made.get();

  X509_set_version(made.get(), X509_VERSION_3);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wishes.first_day * day);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wishes.last_day * day);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wishes.name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  add_extension(made.get(), signer, NID_basic_constraints,
                authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!authority) add_extension(made.get(), signer, NID_ext_key_usage, "serverAuth,clientAuth");
  if (!wishes.hosts.empty()) {
    add_extension(made.get(), signer, NID_subject_alt_name, alternative_names(wishes.hosts));
  }
  const Key signing = issuer == nullptr ? nullptr : key_of(*issuer);
  check(X509_sign(made.get(), signing ? signing.get() : key.get(), EVP_sha256()) > 0, "sign");

  const Bio certificate = writer();
  const Bio secret = writer();
  PEM_write_bio_X509(certificate.get(), made.get());
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.certificate = content(certificate), .key = content(secret)};
}

}  // namespace

Identity make_authority(const std::string& name) {
  return make({.name = name, .hosts = {}}, nullptr, true);
}

Identity issue(const Identity& authority, const CertificateWishes& wishes) {
  return make(wishes, &authority, false);
}

Identity self_signed(const CertificateWishes& wishes) {
  return make(wishes, nullptr, false);
}

std::string encrypted(const Identity& identity) {
  const Key key = key_of(identity);
  const Bio bio = writer();
  std::array<unsigned char, 6> passphrase = {'s', 'e', 'c', 'r', 'e', 't'};
  PEM_write_bio_PrivateKey(bio.get(), key.get(), EVP_aes_256_cbc(), passphrase.data(),
                           passphrase.size(), nullptr, nullptr);
  return content(bio);
}

std::string fingerprint(const Identity& identity) {
  const Certificate certificate = certificate_of(identity);
  std::string text;
  for (const char c : tls::fingerprint_of(certificate.get())) {
    if (text.size() % 3 == 2) text += ':';
    text += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

}  // namespace rollcall::support
