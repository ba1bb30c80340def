#include "transport/tls/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "transport/tls/faults.hpp"
#include "transport/tls/files.hpp"

namespace rollcall::tls {
namespace {

constexpr int alert_reasons = 1000;  // SSL_AD_REASON_OFFSET, which is not public

std::string name_of(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string text_of(const ASN1_STRING* string) {
  const auto size = static_cast<std::size_t>(std::max(ASN1_STRING_length(string), 0));
  const unsigned char* data = ASN1_STRING_get0_data(string);
  return {data, data + size};
}

std::string address_of(const std::string& bytes) {
  using namespace boost::asio::ip;
  if (bytes.size() == 4) {
    address_v4::bytes_type v4{};
    std::ranges::copy(bytes, v4.begin());
    return make_address_v4(v4).to_string();
  }
  address_v6::bytes_type v6{};
  if (bytes.size() != v6.size()) return {};
  std::ranges::copy(bytes, v6.begin());
  return make_address_v6(v6).to_string();
}

/// The host names of a certificate.
std::vector<std::string> names_in(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, Freed<&GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> all;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    std::string text = text_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_IPADD) text = address_of(text);
    if (!text.empty()) all.push_back(std::move(text));
  }
  return all;
}

Rejection rejection_in(X509_STORE_CTX* store) {
  Rejection why{.code = X509_STORE_CTX_get_error(store),
                .of_engine = X509_STORE_CTX_get_error_depth(store) == 0,
                .names = {}};
  const X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(store);
  if (certificate == nullptr) return why;
  why.issuer = name_of(X509_get_issuer_name(certificate));
  why.names = names_in(certificate);
  why.not_before = time_of(X509_get0_notBefore(certificate));
  why.not_after = time_of(X509_get0_notAfter(certificate));
  why.fingerprint = fingerprint_of(certificate);
  return why;
}

bool is_address(const std::string& host) {
  boost::system::error_code ec;
  boost::asio::ip::make_address(host, ec);
  return !ec;
}

RuntimeError at(const Endpoint& endpoint, RuntimeError error) {
  if (!error.endpoint.empty()) error.what += " (" + error.endpoint + ")";
  error.endpoint = endpoint.url();
  return error;
}

}  // namespace

struct Session::Impl {
  Endpoint endpoint;
  std::vector<std::string> pins;  // The certificate must have each of these fingerprints.
  Context context;
  Connection ssl;
  BIO* input = nullptr;  // ssl owns both.
  BIO* output = nullptr;
  Rejection rejection;
  bool asked_for_certificate = false;
  bool heard = false;  // Anything was received.
  bool read_any = false;

  Result<void> set_up();
  Result<void> trust();
  Result<void> identify();
  Result<void> expect_name();
  [[nodiscard]] RuntimeError why() const;

  static Impl& of(const SSL* connection) {
    return *static_cast<Impl*>(SSL_get_app_data(connection));
  }
  static int on_verify(int accepted, X509_STORE_CTX* store);
  static int on_pinned(X509_STORE_CTX* store, void* self);
  static int on_certificate_wanted(SSL* connection, void* self);
};

int Session::Impl::on_verify(int accepted, X509_STORE_CTX* store) {
  const auto* connection =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (accepted == 0) of(connection).rejection = rejection_in(store);
  return accepted;
}

/// Replaces all other verification of OpenSSL.
int Session::Impl::on_pinned(X509_STORE_CTX* store, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  const X509* shown = X509_STORE_CTX_get0_cert(store);
  const std::string fingerprint = shown == nullptr ? std::string() : fingerprint_of(shown);
  const auto holds = [&](const std::string& pin) { return pin == fingerprint; };
  if (std::ranges::all_of(impl.pins, holds)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  impl.rejection = rejection_in(store);
  return 0;
}

int Session::Impl::on_certificate_wanted(SSL* /*connection*/, void* self) {
  static_cast<Impl*>(self)->asked_for_certificate = true;
  return 1;
}

/// Loads the authorities to trust.
Result<void> Session::Impl::trust() {
  const TlsOptions& options = endpoint.tls;
  if (!options.fingerprint.empty()) {
    auto pin = plain_fingerprint(options.fingerprint);
    if (!pin) return fail(std::move(pin.error()));
    pins.push_back(std::move(*pin));
  }
  if (!options.pinned.empty()) {
    auto pinned = read_certificates(options.pinned, "the pinned certificate of the engine");
    if (!pinned) return fail(std::move(pinned.error()));
    pins.push_back(fingerprint_of(pinned->front().get()));
  }
  if (!pins.empty()) {
    SSL_CTX_set_cert_verify_callback(context.get(), &on_pinned, this);
  } else if (!options.verify) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return {};
  } else if (options.authority.empty()) {
    SSL_CTX_set1_cert_store(context.get(), system_authorities());
  } else {
    auto authorities = read_certificates(options.authority, "the CA certificate");
    if (!authorities) return fail(std::move(authorities.error()));
    X509_STORE* store = SSL_CTX_get_cert_store(context.get());
    for (const Certificate& one : *authorities) X509_STORE_add_cert(store, one.get());
    // A certificate that the user has named is trusted even if it is not a root.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, &on_verify);
  return {};
}

/// Loads our own certificate.
Result<void> Session::Impl::identify() {
  const TlsOptions& options = endpoint.tls;
  SSL_CTX_set_cert_cb(context.get(), &on_certificate_wanted, this);
  if (options.certificate.empty() && options.key.empty()) return {};
  if (options.certificate.empty() || options.key.empty()) {
    const bool no_key = options.key.empty();
    return fail(
        {.fault = ConnectFault::tls,
         .what = no_key ? "the client certificate has no key" : "the key has no client certificate",
         .remedy = "name both, or neither"});
  }
  auto chain = read_certificates(options.certificate, "the client certificate");
  if (!chain) return fail(std::move(chain.error()));
  auto key = read_key(options.key);
  if (!key) return fail(std::move(key.error()));
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    return fail({.fault = ConnectFault::tls,
                 .endpoint = options.key.file,
                 .what = "the key does not belong to the client certificate",
                 .remedy = "name the key that the certificate was made with"});
  }
  const bool taken = SSL_CTX_use_certificate(context.get(), chain->front().get()) == 1 &&
                     SSL_CTX_use_PrivateKey(context.get(), key->get()) == 1;
  if (!taken) {
    return fail({.fault = ConnectFault::tls,
                 .endpoint = options.certificate.file,
                 .what = "the client certificate is too weak, or of a kind that is not known",
                 .remedy = "make one with RSA of 2048 bits or more, or with EC"});
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    SSL_CTX_add1_chain_cert(context.get(), chain->at(i).get());
  }
  return {};
}

/// Sets the name to verify. If OpenSSL does not accept it, connecting must fail.
Result<void> Session::Impl::expect_name() {
  const TlsOptions& options = endpoint.tls;
  std::string name = options.server_name.empty() ? endpoint.host : options.server_name;
  // The final dot of a full name belongs to DNS only (RFC 6066, section 3).
  if (name.ends_with('.')) name.pop_back();
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
  bool taken = false;
  if (is_address(name)) {
    name.resize(std::min(name.find('%'), name.size()));  // A zone has a meaning on this host only.
    // No SNI for addresses (RFC 6066, section 3).
    taken = X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
  } else {
    // The common name is no longer used as a host name (RFC 9525, section 2).
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // OpenSSL takes a leading dot for any host below that domain.
    taken = !name.empty() && !name.starts_with('.') &&
            X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
            SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  }
  if (taken) return {};
  return fail({.kind = ErrorKind::invalid_config,
               .fault = ConnectFault::tls,
               .what = "the engine's name is none that a certificate can have",
               .remedy = "name the host as its certificate does"});
}

Result<void> Session::Impl::set_up() {
  context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY);
  constexpr std::array<unsigned char, 9> http_1_1 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context.get(), http_1_1.data(), http_1_1.size());
  if (auto trusted = trust(); !trusted) return trusted;
  if (auto identified = identify(); !identified) return identified;
  ssl.reset(SSL_new(context.get()));
  SSL_set_app_data(ssl.get(), this);
  input = BIO_new(BIO_s_mem());
  output = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), input, output);
  SSL_set_connect_state(ssl.get());
  return expect_name();
}

/// Why the last call has failed.
RuntimeError Session::Impl::why() const {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  if (rejection.code != X509_V_OK) return rejected(rejection, endpoint);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > alert_reasons) {
    return alerted(reason - alert_reasons, asked_for_certificate, endpoint);
  }
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
    return alerted(SSL_AD_PROTOCOL_VERSION, asked_for_certificate, endpoint);
  }
  return failed(text == nullptr ? "the connection is broken" : text, endpoint);
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const Endpoint& endpoint) {
  ERR_clear_error();
  auto impl = std::make_unique<Impl>();
  impl->endpoint = endpoint;
  if (auto done = impl->set_up(); !done) return fail(at(endpoint, std::move(done.error())));
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Result<bool> Session::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(impl_->ssl.get());
  if (result == 1) return true;
  if (SSL_get_error(impl_->ssl.get(), result) == SSL_ERROR_WANT_READ) return false;
  return fail(impl_->why());
}

Result<std::optional<std::size_t>> Session::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t size = 0;
  const int result = SSL_read_ex(impl_->ssl.get(), into.data(), into.size(), &size);
  if (result == 1) {
    impl_->read_any = true;
    return size;
  }
  switch (SSL_get_error(impl_->ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return std::nullopt;
    case SSL_ERROR_ZERO_RETURN:
      return std::size_t{0};
    default:
      break;
  }
  RuntimeError error = impl_->why();
  if (impl_->read_any) {  // Whatever it is, it is no fault of connecting.
    error = failed("the engine broke the connection off", impl_->endpoint);
    error.fault = ConnectFault::unreachable;
  }
  return fail(std::move(error));
}

Result<void> Session::write(std::string_view data) {
  ERR_clear_error();
  std::size_t size = 0;
  if (SSL_write_ex(impl_->ssl.get(), data.data(), data.size(), &size) == 1) return {};
  return fail(impl_->why());
}

Result<void> Session::receive(std::string_view bytes) {
  // Each TLS record begins with its type, 20 to 24 (RFC 8446, section 5.1).
  if (!std::exchange(impl_->heard, true) && (bytes.front() < 20 || bytes.front() > 24)) {
    return fail(not_tls(impl_->endpoint));
  }
  std::size_t size = 0;
  BIO_write_ex(impl_->input, bytes.data(), bytes.size(), &size);
  return {};
}

std::string Session::take_output() {
  std::string bytes(BIO_ctrl_pending(impl_->output), '\0');
  std::size_t size = 0;
  if (!bytes.empty()) BIO_read_ex(impl_->output, bytes.data(), bytes.size(), &size);
  bytes.resize(size);
  return bytes;
}

}  // namespace rollcall::tls
