#include "transport/tls/server.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <sys/stat.h>

#include "transport/tls/faults.hpp"
#include "transport/tls/files.hpp"

namespace rollcall::tls {
namespace {

constexpr std::string_view certificate_words = "the certificate of the server";
constexpr std::string_view key_words = "the key of the server";

/// Identifies a version of a file: a renewed one is mostly moved over the old one.
struct Stamp {
  dev_t device{};
  ino_t file{};
  off_t size{};
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

Stamp stamp_of(const Pem& pem) {
  struct stat status{};
  if (!pem.text.empty() || ::stat(pem.file.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .file = status.st_ino,
          .size = status.st_size,
          .seconds = status.st_mtim.tv_sec,
          .nanoseconds = status.st_mtim.tv_nsec};
}

/// Chooses HTTP/1.1, whatever else the client offers.
int choose_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int length, void* /*nothing*/) {
  constexpr std::string_view ours = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), length);
  while (!rest.empty()) {
    const auto one = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, one);
    if (name == ours) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *size = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(std::size_t{1} + one, rest.size()));
  }
  return SSL_TLSEXT_ERR_NOACK;
}

std::unexpected<RuntimeError> unusable(const Pem& pem, std::string what, std::string remedy) {
  return fail({.fault = ConnectFault::tls,
               .endpoint = pem.file,
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

Result<Context> context_of(const Pem& certificate, const Pem& key) {
  ERR_clear_error();
  auto chain = read_certificates(certificate, certificate_words);
  if (!chain) return fail(std::move(chain.error()));
  auto secret = read_own_key(key, key_words);
  if (!secret) return fail(std::move(secret.error()));
  if (X509_check_private_key(chain->front().get(), secret->get()) != 1) {
    return unusable(key, "the key does not belong to the certificate of the server",
                    "name the key that the certificate was made with");
  }
  Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // sessions resume by tickets
  SSL_CTX_set_alpn_select_cb(context.get(), &choose_protocol, nullptr);
  const bool taken = SSL_CTX_use_certificate(context.get(), chain->front().get()) == 1 &&
                     SSL_CTX_use_PrivateKey(context.get(), secret->get()) == 1;
  if (!taken) {
    return unusable(certificate,
                    "the certificate of the server is too weak, or of a kind that is not known",
                    "make one with RSA of 2048 bits or more, or with EC");
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    SSL_CTX_add1_chain_cert(context.get(), chain->at(i).get());
  }
  return context;
}

class ServerSession final : public Machine {
 public:
  ServerSession(SSL_CTX* context, Endpoint client)
      : client_(std::move(client)),
        ssl_(SSL_new(context)),  // Holds a reference to the context.
        input_(BIO_new(BIO_s_mem())),
        output_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl_.get(), input_, output_);
    SSL_set_accept_state(ssl_.get());
  }

  Result<bool> handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return true;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
    return fail(why());
  }

  Result<std::optional<std::size_t>> read(std::span<char> into) override {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    if (result == 1) return size;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return std::nullopt;
      case SSL_ERROR_ZERO_RETURN:
        return std::size_t{0};
      default:
        return fail(why());
    }
  }

  Result<void> write(std::string_view data) override {
    ERR_clear_error();
    std::size_t size = 0;
    if (SSL_write_ex(ssl_.get(), data.data(), data.size(), &size) == 1) return {};
    return fail(why());
  }

  Result<void> receive(std::string_view bytes) override {
    std::size_t size = 0;
    BIO_write_ex(input_, bytes.data(), bytes.size(), &size);
    return {};
  }

  std::string take_output() override {
    std::string bytes(BIO_ctrl_pending(output_), '\0');
    std::size_t size = 0;
    if (!bytes.empty()) BIO_read_ex(output_, bytes.data(), bytes.size(), &size);
    bytes.resize(size);
    return bytes;
  }

 private:
  [[nodiscard]] RuntimeError why() const {
    const char* text = ERR_reason_error_string(ERR_peek_error());
    RuntimeError error = failed(text == nullptr ? "the connection is broken" : text, client_);
    ERR_clear_error();
    return error;
  }

  Endpoint client_;
  Connection ssl_;
  BIO* input_;  // ssl_ owns both.
  BIO* output_;
};

}  // namespace

struct ServerIdentity::Impl {
  Pem certificate;
  Pem key;
  std::array<Stamp, 2> stamps{};  // Of the files that were tried last.
  Context context{};

  [[nodiscard]] std::array<Stamp, 2> look() const { return {stamp_of(certificate), stamp_of(key)}; }
};

ServerIdentity::ServerIdentity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerIdentity::~ServerIdentity() = default;

Result<std::unique_ptr<ServerIdentity>> ServerIdentity::open(Pem certificate, Pem key) {
  auto impl =
      std::make_unique<Impl>(Impl{.certificate = std::move(certificate), .key = std::move(key)});
  impl->stamps = impl->look();
  auto context = context_of(impl->certificate, impl->key);
  if (!context) return fail(std::move(context.error()));
  impl->context = std::move(*context);
  return std::unique_ptr<ServerIdentity>(new ServerIdentity(std::move(impl)));
}

Result<bool> ServerIdentity::refresh() {
  const auto now = impl_->look();
  if (now == impl_->stamps) return false;
  impl_->stamps = now;
  auto context = context_of(impl_->certificate, impl_->key);
  if (!context) return fail(std::move(context.error()));
  impl_->context = std::move(*context);
  return true;
}

MachinePtr ServerIdentity::session(Endpoint client) const {
  return std::make_unique<ServerSession>(impl_->context.get(), std::move(client));
}

}  // namespace rollcall::tls
