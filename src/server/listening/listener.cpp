#include "server/listening/listener.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/text/text.hpp"
#include "server/listening/descriptor.hpp"

namespace rollcall::server {

namespace asio = boost::asio;

namespace {

constexpr int backlog = 1024;

std::unexpected<RuntimeError> cannot(std::string where, std::string what, std::string remedy) {
  return fail({.kind = ErrorKind::invalid_config,
               .endpoint = std::move(where),
               .what = std::move(what),
               .remedy = std::move(remedy)});
}

std::string url_of(const asio::ip::tcp::endpoint& address) {
  return address.address().is_v6()
             ? fmt::format("http://[{}]:{}", address.address().to_string(), address.port())
             : fmt::format("http://{}:{}", address.address().to_string(), address.port());
}

asio::ip::tcp::endpoint tcp_endpoint(const sockaddr_storage& address) {
  asio::ip::tcp::endpoint endpoint;
  const std::size_t size =
      address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(endpoint.data(), &address, size);
  endpoint.resize(size);
  return endpoint;
}

/// The path of a Unix socket; for an abstract socket, a zero byte and its name.
std::string name_of(const sockaddr_storage& address, socklen_t size) {
  const auto& named = reinterpret_cast<const sockaddr_un&>(address);
  const std::size_t length = size - std::min<std::size_t>(size, offsetof(sockaddr_un, sun_path));
  std::string name(&named.sun_path[0], std::min(length, sizeof named.sun_path));
  if (name.empty()) name.push_back('\0');
  return name;
}

}  // namespace

Listener::Listener(const asio::any_io_executor& executor, int socket) : socket_(executor, socket) {}

Listener::~Listener() {
  if (made_) made_->remove();
}

Result<std::unique_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const TcpListener& where) {
  boost::system::error_code ec;
  const auto ip = asio::ip::make_address(where.host == "localhost" ? "127.0.0.1" : where.host, ec);
  const asio::ip::tcp::endpoint address(ip, where.port);
  if (ec) return cannot(where.host, "this is not an address", "name one of this host's addresses");
  const int domain = ip.is_v6() ? AF_INET6 : AF_INET;
  Descriptor socket(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int again = 1;  // bind although connections of an earlier run are still being closed
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  if (::bind(socket.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    const int error = errno;
    return cannot_listen(url_of(address), error);
  }
  return take(executor, socket.release());
}

Result<std::unique_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const UnixListener& where) {
  auto listening = listen_at(where, backlog);
  if (!listening) return fail(std::move(listening.error()));
  auto listener = take(executor, listening->descriptor);
  if (listener) (*listener)->made_ = std::move(listening->file);
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::take(const asio::any_io_executor& executor,
                                                 int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const int error = errno;
    ::close(socket);
    return cannot_listen(fmt::format("the descriptor {}", socket), error);
  }
  std::unique_ptr<Listener> listener(new Listener(executor, socket));
  if (is_abstract(address, size)) {
    listener->door_ = Client::Door::abstract_socket;
    listener->url_ = "unix://@" + excerpt(name_of(address, size).substr(1));
  } else if (address.ss_family == AF_UNIX) {
    listener->door_ = Client::Door::unix_socket;
    listener->url_ = fmt::format("unix://{}", name_of(address, size).c_str());
  } else {
    listener->url_ = url_of(tcp_endpoint(address));
  }
  return listener;
}

asio::awaitable<std::optional<Accepted>> Listener::accept() {
  constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor socket(::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      Accepted accepted{.socket = std::move(socket), .client = {.door = door_}};
      if (door_ == Client::Door::tcp) {
        accepted.client.address = tcp_endpoint(address).address().to_string();
      }
      co_return std::move(accepted);
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;  // the client has gone already
    if (errno != EAGAIN) co_return std::nullopt;
    auto [ec] = co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    // Cancellation is not an error of the socket: the coroutine unwinds.
    if (ec) throw boost::system::system_error(asio::error::operation_aborted);
  }
}

}  // namespace rollcall::server
