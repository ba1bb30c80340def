#include "support/http_server.hpp"

#include <cstdlib>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace rollcall::test {

namespace asio = boost::asio;
using Unix = asio::local::stream_protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

bool take_suffix(std::string& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

std::size_t length_of(const std::string& head) {
  constexpr std::string_view name = "\r\nContent-Length: ";
  const std::size_t at = head.find(name);
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + name.size(), nullptr, 10);
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::io_context& io, const std::filesystem::path& path, HttpServer& o, Handler h)
      : acceptor(io, Unix::endpoint(path.string())), owner(&o), handler(std::move(h)) {}

  Unix::acceptor acceptor;
  HttpServer* owner;  // null once it is gone
  Handler handler;

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    for (;;) {
      auto [ec, socket] = co_await self->acceptor.async_accept(as_result);
      if (ec) co_return;
      asio::co_spawn(self->acceptor.get_executor(), serve(self, std::move(socket)), asio::detached);
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, Unix::socket socket) {
    std::string buffer;
    for (;;) {
      auto [ec, size] = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer),
                                                        "\r\n\r\n", as_result);
      if (ec || self->owner == nullptr) co_return;
      const std::string head = buffer.substr(0, size);
      buffer.erase(0, size);
      const std::size_t begin = head.find(' ') + 1;
      const std::string target = head.substr(begin, head.find(' ', begin) - begin);
      if (const std::size_t length = length_of(head); length > 0) {
        if (buffer.size() < length) {
          auto [cut, more] =
              co_await asio::async_read(socket, asio::dynamic_buffer(buffer),
                                        asio::transfer_exactly(length - buffer.size()), as_result);
          if (cut || self->owner == nullptr) co_return;
        }
        self->owner->bodies.push_back(buffer.substr(0, length));
        buffer.erase(0, length);
      }
      self->owner->requests.push_back(target);
      self->owner->heads.push_back(head);
      std::string answer = self->handler(target);
      const bool close = take_suffix(answer, "<close>");
      const bool hold = take_suffix(answer, "<hold>");
      auto [failed, written] = co_await asio::async_write(socket, asio::buffer(answer), as_result);
      if (failed || close) co_return;
      if (hold) {  // until the client goes away
        co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n",
                                        as_result);
        co_return;
      }
    }
  }
};

std::string http_answer(const std::string& body, unsigned status, const std::string& headers) {
  return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                     body.size(), body);
}

HttpServer::HttpServer(asio::io_context& io, Handler handler) {
  std::string pattern = "/tmp/rollcall-http-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  impl_ = std::make_shared<Impl>(io, folder_ / "s", *this, std::move(handler));
  asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

HttpServer::~HttpServer() {
  impl_->owner = nullptr;
  impl_->acceptor.close();
  std::filesystem::remove_all(folder_);
}

std::string HttpServer::url() const {
  return "unix://" + (folder_ / "s").string();
}

}  // namespace rollcall::test
