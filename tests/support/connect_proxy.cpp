#include "support/connect_proxy.hpp"

#include <cstdlib>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "support/hand_on.hpp"

namespace rollcall::test {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct Tunnel {
  explicit Tunnel(Tcp::socket socket) : client(std::move(socket)), server(client.get_executor()) {}

  Tcp::socket client;
  Tcp::socket server;

  void close() {
    boost::system::error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
};
using TunnelPtr = std::shared_ptr<Tunnel>;

/// "CONNECT 127.0.0.1:PORT HTTP/1.1"
Tcp::endpoint target_of(const std::string& head) {
  const std::size_t colon = head.find(':');
  const auto port = std::strtoul(head.c_str() + colon + 1, nullptr, 10);
  return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)};
}

}  // namespace

struct ConnectProxy::Impl {
  Impl(asio::io_context& io, std::string a)
      : acceptor(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)), answer(std::move(a)) {}

  Tcp::acceptor acceptor;
  std::string answer;
  std::vector<std::string> heads;

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    for (;;) {
      auto [ec, socket] = co_await self->acceptor.async_accept(as_result);
      if (ec) co_return;
      asio::co_spawn(self->acceptor.get_executor(),
                     serve(self, std::make_shared<Tunnel>(std::move(socket))), asio::detached);
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, TunnelPtr tunnel) {
    std::string head;
    auto [ec, size] = co_await asio::async_read_until(tunnel->client, asio::dynamic_buffer(head),
                                                      "\r\n\r\n", as_result);
    if (ec) co_return;
    self->heads.push_back(head);
    const bool connects = self->answer.contains(" 2");
    if (connects) {
      auto [refused] = co_await tunnel->server.async_connect(target_of(head), as_result);
      if (refused) co_return;
    }
    auto [failed, written] =
        co_await asio::async_write(tunnel->client, asio::buffer(self->answer), as_result);
    if (failed || !connects) co_return;
    const auto executor = tunnel->client.get_executor();
    asio::co_spawn(executor, support::hand_on_and_close(tunnel, tunnel->server, tunnel->client),
                   asio::detached);
    co_await support::hand_on_and_close(tunnel, tunnel->client, tunnel->server);
  }
};

ConnectProxy::ConnectProxy(asio::io_context& io, std::string answer)
    : impl_(std::make_shared<Impl>(io, std::move(answer))) {
  asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

ConnectProxy::~ConnectProxy() {
  impl_->acceptor.close();
}

std::uint16_t ConnectProxy::port() const {
  return impl_->acceptor.local_endpoint().port();
}

std::string ConnectProxy::url() const {
  return fmt::format("http://127.0.0.1:{}", port());
}

const std::vector<std::string>& ConnectProxy::heads() const {
  return impl_->heads;
}

}  // namespace rollcall::test
