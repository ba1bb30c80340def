#include "transport/stream.hpp"

#include <array>
#include <cerrno>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/socket_place.hpp"
#include "transport/ssh/stream.hpp"
#include "transport/tls/secure_stream.hpp"

namespace rollcall {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct Fault {
  ConnectFault fault;
  std::string_view remedy;
};

Fault fault_of(const error_code& ec, const Endpoint& endpoint) {
  const bool is_unix = endpoint.scheme == Endpoint::Scheme::unix_socket;
  switch (ec.value()) {
    case ENOENT:
    case ENOTDIR:
      return {ConnectFault::missing, "start the engine, or name its socket with --endpoint"};
    case EACCES:
    case EPERM:
      return {ConnectFault::denied,
              is_unix
                  ? "run as a user who may open the socket: as root, or as a member of its group"
                  : "a firewall of this host forbids it"};
    case ECONNREFUSED:
      return {ConnectFault::refused,
              is_unix ? "the socket is left over from an engine that died: start the engine again"
                      : "check the port, and that the engine listens on TCP"};
    case ENOTSOCK:
    case EPROTOTYPE:
      return {ConnectFault::not_this_api,
              "this path is not a stream socket: name the engine's socket"};
    case EAGAIN:  // the backlog of a Unix socket is full: its owner accepts nothing
    case ENOTCONN:
    case ETIMEDOUT:
      return {ConnectFault::mute, "the engine hangs or is overloaded: look at its log"};
    default:
      return {ConnectFault::unreachable, is_unix ? "" : "check the address and the network"};
  }
}

std::unexpected<RuntimeError> broken(const error_code& ec, const Endpoint& endpoint) {
  return fail({.kind = ErrorKind::unavailable,
               .fault = ec.value() == ENOTCONN ? ConnectFault::mute : ConnectFault::unreachable,
               .endpoint = endpoint.url(),
               .what = fmt::format("the connection broke: {}", ec.message()),
               .remedy = "the engine hangs, ends or is still starting: look at its log"});
}

/// A cancellation is not an error of the connection: throw, so that the coroutine unwinds.
void unwind_if_cancelled(const error_code& ec) {
  if (ec == asio::error::operation_aborted || ec == asio::experimental::error::channel_cancelled) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

/// Closes a socket when the deadline has passed, which ends the operation that waits on it.
template <class Socket>
class Deadline {
 public:
  Deadline(Socket& socket, Milliseconds deadline) : timer_(socket.get_executor()) {
    if (deadline == Milliseconds::zero()) return;
    timer_.expires_after(deadline);
    timer_.async_wait([&socket, passed = passed_](const error_code& ec) {
      if (ec || *passed != State::waiting) return;
      *passed = State::passed;
      error_code ignored;
      socket.close(ignored);
    });
  }
  ~Deadline() {
    if (*passed_ == State::waiting) *passed_ = State::over;
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool passed() const { return *passed_ == State::passed; }

 private:
  // Shared with the timer's handler, which may be queued already when the operation ends in time.
  enum class State : std::uint8_t { waiting, passed, over };
  std::shared_ptr<State> passed_ = std::make_shared<State>(State::waiting);
  asio::steady_timer timer_;
};

template <class Socket>
class SocketStream final : public Stream {
 public:
  SocketStream(Socket socket, Endpoint endpoint)
      : socket_(std::move(socket)), endpoint_(std::move(endpoint)) {
    error_code ignored;  // On failure, writes wait although they need not.
    socket_.non_blocking(true, ignored);
  }

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    const Deadline guard(socket_, deadline);
    const auto buffer = asio::buffer(into.data(), into.size());
    auto [ec, size] = co_await socket_.async_read_some(buffer, as_result);
    if (guard.passed()) co_return mute_error(endpoint_, deadline);
    unwind_if_cancelled(ec);
    if (ec == asio::error::eof) co_return std::size_t{0};
    if (ec) co_return broken(ec, endpoint_);
    co_return size;
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds deadline) override {
    // The kernel takes most small writes at once, and then there is nothing to wait for. If it
    // refuses, the write below reports the error. Long texts always wait, so that other work gets a
    // turn.
    if (data.size() <= small && socket_.non_blocking()) {
      error_code refused;
      data.remove_prefix(socket_.write_some(asio::buffer(data.data(), data.size()), refused));
      if (data.empty()) co_return Result<void>();
    }
    const Deadline guard(socket_, deadline);
    const auto buffer = asio::buffer(data.data(), data.size());
    auto [ec, size] = co_await asio::async_write(socket_, buffer, as_result);
    if (guard.passed()) co_return mute_error(endpoint_, deadline);
    unwind_if_cancelled(ec);
    if (ec) co_return broken(ec, endpoint_);
    co_return Result<void>();
  }

 private:
  static constexpr std::size_t small = std::size_t{16} << 10U;

  Socket socket_;
  Endpoint endpoint_;
};

/// Enables TCP keep-alive. A stream of events may be quiet for hours, and is quiet, too, if the
/// peer has vanished; with this it breaks after about a minute. Options that the kernel refuses are
/// ignored.
void notice_silence(int socket) {
  struct Option {
    int level;
    int name;
    int value;
  };
  constexpr std::array options = {
      Option{SOL_SOCKET, SO_KEEPALIVE, 1},
      Option{IPPROTO_TCP, TCP_KEEPIDLE, 30},  // seconds
      Option{IPPROTO_TCP, TCP_KEEPINTVL, 10},
      Option{IPPROTO_TCP, TCP_KEEPCNT, 3},
      Option{IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000},  // milliseconds without an acknowledgement
  };
  for (const Option& option : options) {
    ::setsockopt(socket, option.level, option.name, &option.value, sizeof option.value);
  }
}

template <class Protocol>
Task<StreamPtr> connect_socket(typename Protocol::endpoint address, Endpoint endpoint,
                               Milliseconds deadline) {
  typename Protocol::socket socket(co_await asio::this_coro::executor);
  error_code ec;
  {
    const Deadline guard(socket, deadline);
    std::tie(ec) = co_await socket.async_connect(address, as_result);
    if (guard.passed()) co_return mute_error(endpoint, deadline);
    unwind_if_cancelled(ec);
  }
  if (ec) co_return connect_error(ec, endpoint);
  if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) notice_silence(socket.native_handle());
  StreamPtr stream = std::make_unique<SocketStream<typename Protocol::socket>>(std::move(socket),
                                                                               std::move(endpoint));
  co_return stream;
}

using Addresses = asio::ip::tcp::resolver::results_type;
using Resolved = asio::experimental::channel<void(error_code, Addresses)>;

/// getaddrinfo cannot be cancelled, so it runs detached and reports to the channel, if still
/// awaited.
asio::awaitable<void> resolve(std::shared_ptr<Resolved> answer, std::string host,
                              std::string port) {
  asio::ip::tcp::resolver resolver(answer->get_executor());
  auto [ec, addresses] = co_await resolver.async_resolve(host, port, as_result);
  answer->try_send(ec, addresses);
}

Task<Addresses> resolve_within(const Endpoint endpoint, Milliseconds deadline) {
  const auto executor = co_await asio::this_coro::executor;
  auto answer = std::make_shared<Resolved>(executor, 1);
  asio::co_spawn(executor, resolve(answer, endpoint.host, std::to_string(endpoint.port)),
                 asio::detached);
  asio::steady_timer timer(executor, deadline);
  timer.async_wait([answer](const error_code& ec) {
    if (!ec) answer->try_send(error_code(asio::error::timed_out), Addresses{});
  });
  auto [ec, addresses] = co_await answer->async_receive(as_result);
  unwind_if_cancelled(ec);
  if (ec == asio::error::timed_out) co_return mute_error(endpoint, deadline);
  if (ec) {
    co_return fail({.kind = ErrorKind::unavailable,
                    .fault = ConnectFault::unreachable,
                    .endpoint = endpoint.url(),
                    .what = fmt::format("the name cannot be resolved: {}", ec.message()),
                    .remedy = "check the host name and the DNS"});
  }
  co_return addresses;
}

/// A literal address skips the resolver, which would outlive a cancelled watch.
Task<std::vector<asio::ip::tcp::endpoint>> addresses_of(const Endpoint endpoint,
                                                        Milliseconds deadline) {
  error_code not_an_address;
  const auto address = asio::ip::make_address(endpoint.host, not_an_address);
  if (!not_an_address) co_return std::vector{asio::ip::tcp::endpoint(address, endpoint.port)};
  auto resolved = co_await resolve_within(endpoint, deadline);
  if (!resolved) co_return fail(std::move(resolved.error()));
  std::vector<asio::ip::tcp::endpoint> addresses;
  for (const auto& entry : *resolved) addresses.push_back(entry.endpoint());
  co_return addresses;
}

Task<StreamPtr> connect_tcp(Endpoint endpoint, Milliseconds deadline) {
  auto addresses = co_await addresses_of(endpoint, deadline);
  if (!addresses) co_return fail(std::move(addresses.error()));
  Result<StreamPtr> last = fail({.fault = ConnectFault::unreachable,
                                 .endpoint = endpoint.url(),
                                 .what = "the name has no address"});
  for (const auto& address : *addresses) {
    last = co_await connect_socket<asio::ip::tcp>(address, endpoint, deadline);
    if (last) break;
  }
  co_return last;
}

}  // namespace

std::unexpected<RuntimeError> connect_error(const error_code& ec, const Endpoint& endpoint) {
  if (endpoint.scheme == Endpoint::Scheme::unix_socket) {
    if (auto place = socket_place_fault(endpoint.path, ec.value())) {
      const bool denied = place->fault == ConnectFault::denied;
      return fail({.kind = denied ? ErrorKind::denied : ErrorKind::unavailable,
                   .fault = place->fault,
                   .endpoint = endpoint.url(),
                   .what = std::move(place->what),
                   .remedy = std::move(place->remedy)});
    }
  }
  const Fault found = fault_of(ec, endpoint);
  const bool denied = found.fault == ConnectFault::denied;
  return fail(
      {.kind = denied ? ErrorKind::denied : ErrorKind::unavailable,
       .fault = found.fault,
       .endpoint = endpoint.url(),
       .what = found.fault == ConnectFault::missing ? "there is no such socket" : ec.message(),
       .remedy = std::string(found.remedy)});
}

std::unexpected<RuntimeError> mute_error(const Endpoint& endpoint, Milliseconds deadline) {
  return fail(
      {.kind = ErrorKind::unavailable,
       .fault = ConnectFault::mute,
       .endpoint = endpoint.url(),
       .what = fmt::format("no answer within {} s", static_cast<double>(deadline.count()) / 1000),
       .remedy = "the engine hangs or is still starting: look at its log"});
}

namespace {

template <class Protocol>
StreamPtr assigned(const asio::any_io_executor& executor, const Protocol& protocol, int socket,
                   Endpoint endpoint) {
  typename Protocol::socket connected(executor);
  error_code ec;
  connected.assign(protocol, socket, ec);
  if (ec) {
    ::close(socket);
    return nullptr;
  }
  return std::make_unique<SocketStream<typename Protocol::socket>>(std::move(connected),
                                                                   std::move(endpoint));
}

}  // namespace

StreamPtr stream_of(const asio::any_io_executor& executor, int socket, Endpoint endpoint) {
  int domain = AF_UNIX;
  socklen_t size = sizeof domain;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  if (domain == AF_UNIX) {
    return assigned(executor, asio::local::stream_protocol(), socket, std::move(endpoint));
  }
  notice_silence(socket);
  const int at_once = 1;  // Disables Nagle's algorithm: requests are written whole.
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const auto version = domain == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
  return assigned(executor, version, socket, std::move(endpoint));
}

Task<StreamPtr> connect_stream(Endpoint endpoint, Milliseconds deadline) {
  if (endpoint.scheme == Endpoint::Scheme::ssh) {
    co_return co_await open_ssh(std::move(endpoint), deadline);
  }
  if (endpoint.scheme != Endpoint::Scheme::unix_socket) {
    auto stream = co_await connect_tcp(endpoint, deadline);
    if (!stream || endpoint.scheme == Endpoint::Scheme::tcp) co_return stream;
    co_return co_await secure_stream(std::move(*stream), std::move(endpoint), deadline);
  }
  const asio::local::stream_protocol::endpoint address(endpoint.path);
  co_return co_await connect_socket<asio::local::stream_protocol>(address, std::move(endpoint),
                                                                  deadline);
}

}  // namespace rollcall
