#include "support/tls_front.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "support/hand_on.hpp"

namespace rollcall::test {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;
using Any = asio::generic::stream_protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct Relay {
  Relay(Tcp::socket socket, std::shared_ptr<asio::ssl::context> c)
      : context(std::move(c)), client(std::move(socket), *context), engine(client.get_executor()) {}

  std::shared_ptr<asio::ssl::context> context;
  asio::ssl::stream<Tcp::socket> client;
  Any::socket engine;

  void close() {
    boost::system::error_code ignored;
    client.lowest_layer().close(ignored);
    engine.close(ignored);
  }
};
using RelayPtr = std::shared_ptr<Relay>;

std::shared_ptr<asio::ssl::context> context_for(const TlsFrontOptions& options) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  if (options.only_1_2) SSL_CTX_set_max_proto_version(native, TLS1_2_VERSION);
  if (options.only_1_1) {
    SSL_CTX_set_security_level(native, 0);
    SSL_CTX_set_min_proto_version(native, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(native, TLS1_1_VERSION);
  }
  context->use_certificate_chain(asio::buffer(options.identity.certificate));
  context->use_private_key(asio::buffer(options.identity.key), asio::ssl::context::pem);
  if (!options.client_authority.empty()) {
    context->add_certificate_authority(asio::buffer(options.client_authority));
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

}  // namespace

struct TlsFront::Impl {
  Impl(asio::io_context& io, Any::endpoint e, TlsFrontOptions o)
      : acceptor(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        engine(std::move(e)),
        options(std::move(o)),
        context(context_for(options)) {}

  Tcp::acceptor acceptor;
  Any::endpoint engine;
  TlsFrontOptions options;
  std::shared_ptr<asio::ssl::context> context;

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    for (;;) {
      auto [ec, socket] = co_await self->acceptor.async_accept(as_result);
      if (ec) co_return;
      auto relay = std::make_shared<Relay>(std::move(socket), self->context);
      asio::co_spawn(self->acceptor.get_executor(), open(std::move(relay), self->engine),
                     asio::detached);
    }
  }

  static asio::awaitable<void> open(RelayPtr relay, Any::endpoint engine) {
    auto [ec] = co_await relay->client.async_handshake(asio::ssl::stream_base::server, as_result);
    if (ec) co_return;
    auto [refused] = co_await relay->engine.async_connect(engine, as_result);
    if (refused) co_return;
    const auto executor = relay->client.get_executor();
    asio::co_spawn(executor, support::hand_on_and_close(relay, relay->engine, relay->client),
                   asio::detached);
    co_await support::hand_on_and_close(relay, relay->client, relay->engine);
  }
};

TlsFront::TlsFront(asio::io_context& io, const std::string& socket, TlsFrontOptions options)
    : impl_(std::make_shared<Impl>(io, Unix::endpoint(socket), std::move(options))) {
  asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

TlsFront::TlsFront(asio::io_context& io, std::uint16_t port, TlsFrontOptions options)
    : impl_(std::make_shared<Impl>(io, Tcp::endpoint(asio::ip::address_v4::loopback(), port),
                                   std::move(options))) {
  asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

TlsFront::~TlsFront() {
  impl_->acceptor.close();
}

void TlsFront::renew(support::Identity identity) {
  impl_->options.identity = std::move(identity);
  impl_->context = context_for(impl_->options);
}

std::uint16_t TlsFront::port() const {
  return impl_->acceptor.local_endpoint().port();
}

std::string TlsFront::url() const {
  return fmt::format("https://127.0.0.1:{}", port());
}

}  // namespace rollcall::test
