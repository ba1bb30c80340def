#include "support/tls_client.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace rollcall::support {
namespace {

[[noreturn]] void throw_gone(const char* doing) {
  throw std::system_error(errno, std::generic_category(), doing);
}

}  // namespace

struct TlsClient::Session {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;

  Session(int socket, const std::string& authority) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    BIO* text = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
    X509* certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
    X509_free(certificate);
    BIO_free(text);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, socket);
  }
  ~Session() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

TlsClient::TlsClient(Fd socket, const std::string& authority) : socket_(std::move(socket)) {
  set_deadline(std::chrono::seconds(10));
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL may write to a closed connection
  if (authority.empty()) return;
  session_ = std::make_unique<Session>(socket_.get(), authority);
  if (SSL_connect(session_->ssl) != 1) throw_gone("no handshake");
}

TlsClient::~TlsClient() = default;

void TlsClient::set_deadline(std::chrono::seconds deadline) const {
  const timeval timeout{.tv_sec = deadline.count(), .tv_usec = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

void TlsClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = session_
                          ? SSL_write(session_->ssl, bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw_gone("write to the server");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string TlsClient::receive() {
  std::string piece(65536, '\0');
  const auto size = session_ ? SSL_read(session_->ssl, piece.data(), static_cast<int>(piece.size()))
                             : ::recv(socket_.get(), piece.data(), piece.size(), 0);
  if (size <= 0) throw_gone("read from the server");
  piece.resize(static_cast<std::size_t>(size));
  return piece;
}

}  // namespace rollcall::support
