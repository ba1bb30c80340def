#include "support/keeping_relay.hpp"

#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "support/hand_on.hpp"

namespace rollcall::support {

namespace asio = boost::asio;
using Unix = asio::local::stream_protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view last_chunk = "0\r\n\r\n";

struct Relayed {
  explicit Relayed(Unix::socket socket)
      : client(std::move(socket)), server(client.get_executor()) {}

  Unix::socket client;
  Unix::socket server;
  bool watches = false;
  bool is_kept = false;  // without its server

  void close() {
    boost::system::error_code ignored;
    // A program that was started meanwhile may have inherited the sockets, so closing them is not
    // enough.
    client.shutdown(Unix::socket::shutdown_both, ignored);
    server.shutdown(Unix::socket::shutdown_both, ignored);
    client.close(ignored);
    server.close(ignored);
  }
};
using RelayedPtr = std::shared_ptr<Relayed>;

}  // namespace

struct KeepingRelay::Impl {
  Impl(const std::string& listens_at, std::string to)
      : acceptor(io, Unix::endpoint(listens_at)), leads_to(std::move(to)) {
    asio::co_spawn(io, accept(), asio::detached);
    thread = std::jthread([this] { io.run(); });
  }
  ~Impl() { io.stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  asio::awaitable<void> accept() {
    for (;;) {
      auto [ec, socket] = co_await acceptor.async_accept(as_result);
      if (ec) co_return;
      auto one = std::make_shared<Relayed>(std::move(socket));
      auto [refused] = co_await one->server.async_connect(Unix::endpoint(leads_to), as_result);
      if (refused) continue;
      all.push_back(one);
      asio::co_spawn(io, ask(one), asio::detached);
      asio::co_spawn(io, answer(one), asio::detached);
    }
  }

  static asio::awaitable<void> ask(RelayedPtr one) {
    co_await hand_on(one->client, one->server,
                     [&one](std::string_view text) { one->watches = text.contains("watch=1"); });
    one->close();
  }

  asio::awaitable<void> answer(RelayedPtr one) {
    co_await hand_on(one->server, one->client, [this](std::string_view text) {
      const std::scoped_lock lock(mutex);
      said += text;
    });
    one->is_kept = one->watches;
    if (!one->is_kept) one->close();
  }

  static asio::awaitable<void> end(RelayedPtr one) {
    co_await asio::async_write(one->client, asio::buffer(last_chunk.data(), last_chunk.size()),
                               as_result);
    one->close();
  }

  asio::io_context io{1};
  Unix::acceptor acceptor;
  std::string leads_to;
  std::list<RelayedPtr> all;
  mutable std::mutex mutex;
  std::string said;  // guarded by it
  std::jthread thread;
};

KeepingRelay::KeepingRelay(const std::string& listens_at, const std::string& leads_to)
    : impl_(std::make_unique<Impl>(listens_at, leads_to)) {}

KeepingRelay::~KeepingRelay() = default;

void KeepingRelay::end_watches() {
  asio::post(impl_->io, [impl = impl_.get()] {
    for (const RelayedPtr& one : impl->all) {
      if (std::exchange(one->is_kept, false)) {
        asio::co_spawn(impl->io, Impl::end(one), asio::detached);
      }
    }
  });
}

std::size_t KeepingRelay::heard(std::string_view text) const {
  const std::scoped_lock lock(impl_->mutex);
  std::size_t count = 0;
  for (std::size_t at = impl_->said.find(text); at != std::string::npos;
       at = impl_->said.find(text, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace rollcall::support
