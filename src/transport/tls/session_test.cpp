// The machine without I/O, against one of OpenSSL in memory.
#include "transport/tls/session.hpp"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "transport/tls/files.hpp"

namespace rollcall::tls {
namespace {

/// The server side.
class Server {
 public:
  explicit Server(const support::Identity& identity) : context_(SSL_CTX_new(TLS_server_method())) {
    const auto certificates = read_certificates({.text = identity.certificate}, "it");
    const auto key = read_key({.text = identity.key});
    SSL_CTX_use_certificate(context_.get(), certificates->front().get());
    SSL_CTX_use_PrivateKey(context_.get(), key->get());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  void take(const std::string& bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    SSL_do_handshake(ssl_.get());
  }
  std::string output() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!bytes.empty()) {
      BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    }
    return bytes;
  }
  void say(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }
  std::string hear() {
    std::array<char, 1000> buffer{};
    const int size = SSL_read(ssl_.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max(size, 0))};
  }
  void change_keys() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
  void say_farewell() { SSL_shutdown(ssl_.get()); }

 private:
  Context context_;
  Connection ssl_;
};

class TlsSession : public testing::Test {
 protected:
  TlsSession() {
    Endpoint endpoint = *parse_endpoint("https://localhost:1", 0);
    endpoint.tls.authority.text = authority_.certificate;
    session_ = std::move(*Session::open(endpoint));
  }

  /// Passes the server's output to the session, in pieces of this size.
  void carry(std::size_t piece) {
    const std::string bytes = server_.output();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(session_->receive(std::string_view(bytes).substr(at, piece)));
      if (!done_) done_ = session_->handshake().value_or(false);
    }
  }
  void shake_hands(std::size_t piece = 16384) {
    done_ = session_->handshake().value_or(true);
    for (int turn = 0; turn < 5 && !done_; ++turn) {
      server_.take(session_->take_output());
      carry(piece);
    }
    ASSERT_TRUE(done_);
    server_.take(session_->take_output());
    carry(piece);
  }
  /// The text that can be read now; "-": nothing yet; "end"; or the error.
  std::string read() {
    std::string buffer(1000, '\0');
    const auto size = session_->read(buffer);
    if (!size) return size.error().describe();
    if (!*size) return "-";
    return **size == 0 ? "end" : buffer.substr(0, **size);
  }

  support::Identity authority_ = support::make_authority();
  Server server_{support::issue(authority_)};
  std::unique_ptr<Session> session_;
  bool done_ = false;
};

TEST_F(TlsSession, IsTheSameWhereverTheBytesAreCut) {
  shake_hands(1);
  EXPECT_EQ(read(), "-");
  server_.say("hello");
  carry(1);
  EXPECT_EQ(read(), "hello");
  EXPECT_EQ(read(), "-");
  server_.say_farewell();
  carry(1);
  EXPECT_EQ(read(), "end");
}

TEST_F(TlsSession, AnswersNewKeysWithItsNextWriteAndNotWhileItReads) {
  shake_hands();
  EXPECT_EQ(read(), "-");
  server_.change_keys();
  server_.say("hello");
  carry(1000);
  EXPECT_EQ(read(), "hello");
  EXPECT_EQ(session_->take_output(), "");
  ASSERT_TRUE(session_->write("thanks"));
  server_.take(session_->take_output());
  EXPECT_EQ(server_.hear(), "thanks");
}

TEST_F(TlsSession, ThatIsTamperedWithIsBroken) {
  shake_hands();
  server_.say("hello");
  EXPECT_EQ(read(), "-");
  std::string bytes = server_.output();
  bytes.back() ^= 1;
  ASSERT_TRUE(session_->receive(bytes));
  EXPECT_THAT(read(), testing::HasSubstr("TLS failed: "));
}

TEST_F(TlsSession, KnowsWhatIsNotTlsByItsFirstByte) {
  EXPECT_FALSE(session_->receive("HTTP/1.1 400 Bad Request"));
}

}  // namespace
}  // namespace rollcall::tls
