#include "support/scripted_engine.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ranges>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "core/async/turns.hpp"
#include "support/http_server.hpp"
#include "support/scripted_bytes.hpp"
#include "support/websocket_frames.hpp"

namespace rollcall::test {

namespace asio = boost::asio;
using Unix = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;
using Verb = Fault::Verb;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct Connection {
  explicit Connection(asio::generic::stream_protocol::socket s)
      : socket(std::move(s)), writing(socket.get_executor()) {}

  void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  asio::generic::stream_protocol::socket socket;
  Turns writing;
  std::string received;
  std::string head;  // of the request that is answered
  std::size_t sent = 0;
};
using ConnectionPtr = std::shared_ptr<Connection>;

std::string target_in(std::string_view head) {
  const std::size_t begin = head.find(' ') + 1;
  return std::string(head.substr(begin, head.find(' ', begin) - begin));
}

}  // namespace

struct ScriptedEngine::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& i, EngineApi& a, ScriptedEngine& o)
      : io(i), api(a), owner(&o), healed(i.get_executor()) {}

  asio::io_context& io;
  EngineApi& api;
  ScriptedEngine* owner;  // null once it is gone
  std::filesystem::path path;
  Tcp::endpoint address{asio::ip::address_v4::loopback(), 0};
  std::shared_ptr<Unix::acceptor> unix_acceptor;
  std::shared_ptr<Tcp::acceptor> tcp_acceptor;
  std::vector<Unix::socket> backlog;
  std::vector<ConnectionPtr> connections;
  std::vector<Fault> faults;
  std::vector<std::shared_ptr<Signal>> delayed;
  std::vector<std::shared_ptr<Signal>> dripping;
  Signal healed;

  [[nodiscard]] bool is_unix() const { return !path.empty(); }

  void listen();
  void stop_listening();
  void open(asio::generic::stream_protocol::socket socket);
  std::optional<Fault> fault_of(const std::string& target);
  bool expects(Verb verb) const {
    return std::ranges::any_of(faults, [verb](const Fault& f) { return f.verb == verb; });
  }

  template <class Acceptor>
  asio::awaitable<void> accept(std::shared_ptr<Acceptor> acceptor);
  asio::awaitable<void> serve(ConnectionPtr connection);
  asio::awaitable<std::string> read_target(ConnectionPtr connection);
  asio::awaitable<bool> answer(ConnectionPtr connection, std::string target);
  asio::awaitable<bool> say(ConnectionPtr connection, ScriptedAnswer answer,
                            std::optional<Fault> fault);
  asio::awaitable<bool> stream(ConnectionPtr connection, std::shared_ptr<EventFeed> feed,
                               bool websocket, std::string target);
  asio::awaitable<bool> put(ConnectionPtr connection, std::string text, std::optional<Fault> fault);
  asio::awaitable<void> say_without_end(ConnectionPtr connection, Fault fault);
  asio::awaitable<void> pause(Verb verb);
  asio::awaitable<void> hear(ConnectionPtr connection, std::shared_ptr<EventFeed> feed);
  asio::awaitable<void> wait_for_client(ConnectionPtr connection);
};

void ScriptedEngine::Impl::listen() {
  stop_listening();
  const auto self = shared_from_this();
  if (is_unix()) {
    std::filesystem::remove(path);
    unix_acceptor = std::make_shared<Unix::acceptor>(io, Unix::endpoint(path.string()));
    asio::co_spawn(io, [self, a = unix_acceptor] { return self->accept(a); }, asio::detached);
  } else {
    tcp_acceptor = std::make_shared<Tcp::acceptor>(io, address);
    address = tcp_acceptor->local_endpoint();
    asio::co_spawn(io, [self, a = tcp_acceptor] { return self->accept(a); }, asio::detached);
  }
}

void ScriptedEngine::Impl::stop_listening() {
  if (unix_acceptor) unix_acceptor->close();
  if (tcp_acceptor) tcp_acceptor->close();
  unix_acceptor.reset();
  tcp_acceptor.reset();
  backlog.clear();
}

void ScriptedEngine::Impl::open(asio::generic::stream_protocol::socket socket) {
  const auto self = shared_from_this();
  auto connection = std::make_shared<Connection>(std::move(socket));
  connections.push_back(connection);
  asio::co_spawn(
      io, [self, connection] { return self->serve(connection); },
      [self, connection](const std::exception_ptr&) {
        connection->close();
        std::erase(self->connections, connection);
      });
}

/// The last fault that applies to the request; counts one use of a limited fault.
std::optional<Fault> ScriptedEngine::Impl::fault_of(const std::string& target) {
  for (Fault& fault : faults | std::views::reverse) {
    if (!is_meant(target, fault.where) || fault.times == 0) continue;
    if (fault.times > 0) --fault.times;
    return fault;
  }
  return std::nullopt;
}

template <class Acceptor>
asio::awaitable<void> ScriptedEngine::Impl::accept(std::shared_ptr<Acceptor> acceptor) {
  for (;;) {
    auto [ec, socket] = co_await acceptor->async_accept(as_result);
    if (ec || owner == nullptr) co_return;
    ++owner->accepted;
    open(std::move(socket));
  }
}

asio::awaitable<void> ScriptedEngine::Impl::serve(ConnectionPtr connection) {
  for (;;) {
    const std::string target = co_await read_target(connection);
    if (target.empty()) co_return;
    if (!co_await answer(connection, target)) co_return;
  }
}

asio::awaitable<std::string> ScriptedEngine::Impl::read_target(ConnectionPtr connection) {
  auto& socket = connection->socket;
  if (expects(Verb::close_on_data)) {
    auto [ec] = co_await socket.async_wait(socket.wait_read, as_result);
    if (ec || expects(Verb::close_on_data)) co_return std::string();
  }
  auto [ec, size] = co_await asio::async_read_until(
      socket, asio::dynamic_buffer(connection->received), "\r\n\r\n", as_result);
  if (ec || owner == nullptr) co_return std::string();
  connection->head = connection->received.substr(0, size);
  std::string target = target_in(connection->head);
  connection->received.erase(0, size);
  owner->requests.push_back(target);
  co_return target;
}

/// Returns whether the connection may be used again.
asio::awaitable<bool> ScriptedEngine::Impl::answer(ConnectionPtr connection, std::string target) {
  const std::optional<Fault> fault = fault_of(target);
  if (fault && fault->verb == Verb::drop) co_return false;
  if (fault && fault->verb == Verb::stay_mute) {
    co_await wait_for_client(connection);
    co_return false;
  }
  if (fault && has_no_end(fault->verb)) {
    co_await say_without_end(connection, *fault);
    co_return false;
  }
  ScriptedAnswer answer = api.answer(target);
  if (fault && fault->verb == Verb::delay) {
    const auto gate = std::make_shared<Signal>(io.get_executor());
    delayed.push_back(gate);
    co_await gate->wait();
  }
  if (fault && fault->verb == Verb::refuse_with) {
    answer = {.status = static_cast<unsigned>(fault->amount),
              .body = fmt::format(R"({{"message":"refused with {}"}})", fault->amount)};
  }
  if (fault && fault->verb == Verb::say_instead) answer = {.body = fault->text};
  const auto feed = answer.feed;
  const bool websocket = answer.websocket;
  if (!co_await say(connection, std::move(answer), fault)) co_return false;
  if (!feed) co_return true;
  if (fault && fault->verb == Verb::instant_end) feed->end();
  if (websocket) {
    const auto self = shared_from_this();
    asio::co_spawn(
        io, [self, connection, feed] { return self->hear(connection, feed); }, asio::detached);
  }
  co_return co_await stream(connection, feed, websocket, std::move(target));
}

/// Writes until the client closes the connection.
asio::awaitable<void> ScriptedEngine::Impl::say_without_end(ConnectionPtr connection, Fault fault) {
  const bool is_head = fault.verb == Verb::endless_head || fault.verb == Verb::drip_head;
  std::string next = "HTTP/1.1 200 OK\r\n";
  if (!is_head) next = head_of(ScriptedAnswer{}, {}) + chunk(fault.first);
  const std::string again = fault.verb == Verb::endless_head ? "X-More: and more\r\n"
                            : fault.verb == Verb::drip_head  ? "X"
                                                             : chunk(fault.text);
  while (owner != nullptr && co_await put(connection, next, std::nullopt)) {
    co_await pause(fault.verb);
    next = again;
  }
}

asio::awaitable<void> ScriptedEngine::Impl::pause(Verb verb) {
  if (verb == Verb::drip) {
    const auto gate = std::make_shared<Signal>(io.get_executor());
    dripping.push_back(gate);
    co_await gate->wait();
  } else if (verb == Verb::drip_head) {
    asio::steady_timer timer(io, std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
  } else {
    co_await asio::post(io, asio::use_awaitable);  // let the client read
  }
}

/// Writes the head, and the body unless it is a stream.
asio::awaitable<bool> ScriptedEngine::Impl::say(ConnectionPtr connection, ScriptedAnswer answer,
                                                std::optional<Fault> fault) {
  const bool cut = fault && fault->verb == Verb::cut && !answer.feed;
  if (!answer.feed) corrupt(answer.body, fault);
  std::string text = head_of(answer, connection->head);
  if (!answer.feed) text = http_answer(answer.body, answer.status, answer.headers);
  const std::size_t head = text.find("\r\n\r\n") + 4;
  const bool mute = fault && fault->verb == Verb::mute_after_head;
  if (mute) text.resize(head);
  if (cut) text.resize(std::min(text.size(), head + fault->amount));
  const bool said = co_await put(connection, std::move(text), fault);
  if (mute) co_await wait_for_client(connection);
  co_return said && !cut && !mute;
}

asio::awaitable<bool> ScriptedEngine::Impl::stream(ConnectionPtr connection,
                                                   std::shared_ptr<EventFeed> feed, bool websocket,
                                                   std::string target) {
  for (;;) {
    auto events = co_await feed->take(expects(Verb::concatenate));
    if (owner == nullptr) co_return false;
    if (events.empty()) {
      co_return co_await put(connection, farewell(websocket, std::nullopt), std::nullopt);
    }
    const std::optional<Fault> fault = fault_of(target);
    if (fault && fault->verb == Verb::half_open) continue;
    if (fault && fault->verb == Verb::close_with) {
      co_await put(connection, farewell(websocket, fault), std::nullopt);
      co_return false;
    }
    Framed data = framed(std::move(events), websocket, fault);
    const bool cut = fault && fault->verb == Verb::cut;
    if (cut) data.text.resize(std::min(data.text.size(), data.begin + fault->amount));
    if (!co_await put(connection, std::move(data.text), fault) || cut) co_return false;
  }
}

asio::awaitable<bool> ScriptedEngine::Impl::put(ConnectionPtr connection, std::string text,
                                                std::optional<Fault> fault) {
  const Turns::Turn turn = co_await connection->writing.take();
  bool over = false;
  if (fault && fault->verb == Verb::limit && connection->sent + text.size() >= fault->amount) {
    text.resize(fault->amount - std::min(fault->amount, connection->sent));
    over = true;
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends_of_pieces(text.size(), fault)) {
    if (begin > 0) co_await asio::post(io, asio::use_awaitable);  // let the client read the piece
    auto [ec, size] = co_await asio::async_write(
        connection->socket, asio::buffer(text.data() + begin, end - begin), as_result);
    if (ec) co_return false;
    begin = end;
  }
  connection->sent += text.size();
  co_return !over;
}

/// Reads the frames of a WebSocket client, and answers its pings. Ends the feed when it ends.
asio::awaitable<void> ScriptedEngine::Impl::hear(ConnectionPtr connection,
                                                 std::shared_ptr<EventFeed> feed) {
  ClientFrames frames;
  frames.feed(std::exchange(connection->received, {}));
  std::string chunk(4096, '\0');
  for (;;) {
    for (auto heard = frames.next(); heard && owner != nullptr; heard = frames.next()) {
      if (expects(Verb::half_open)) continue;
      if (heard->kind == Frame::pong) ++owner->pongs;
      if (heard->kind != Frame::ping) continue;
      ++owner->pings;
      co_await put(connection, frame(Frame::pong, heard->payload), std::nullopt);
    }
    auto [ec, size] = co_await connection->socket.async_read_some(asio::buffer(chunk), as_result);
    if (ec) feed->end();
    if (ec || owner == nullptr) co_return;
    frames.feed(std::string_view(chunk).substr(0, size));
  }
}

/// Stays silent until the client goes away.
asio::awaitable<void> ScriptedEngine::Impl::wait_for_client(ConnectionPtr connection) {
  std::string ignored;
  co_await asio::async_read_until(connection->socket, asio::dynamic_buffer(ignored), "\r\n\r\n",
                                  as_result);
}

ScriptedEngine::ScriptedEngine(asio::io_context& io, EngineApi& api, Transport transport)
    : impl_(std::make_shared<Impl>(io, api, *this)) {
  std::string pattern = "/tmp/rollcall-scripted-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  if (transport == Transport::unix_socket) impl_->path = folder_ / "s";
  impl_->listen();
}

ScriptedEngine::~ScriptedEngine() {
  impl_->owner = nullptr;
  impl_->stop_listening();
  drop_connections();
  std::filesystem::remove_all(folder_);
}

std::string ScriptedEngine::url() const {
  if (impl_->is_unix()) return "unix://" + impl_->path.string();
  return fmt::format("tcp://127.0.0.1:{}", impl_->address.port());
}

void ScriptedEngine::listen() {
  impl_->listen();
}

void ScriptedEngine::refuse() {
  impl_->stop_listening();
}

void ScriptedEngine::hide() {
  impl_->stop_listening();
  std::filesystem::remove(impl_->path);
}

void ScriptedEngine::fill_backlog() {
  hide();
  const Unix::endpoint address(impl_->path.string());
  impl_->unix_acceptor = std::make_shared<Unix::acceptor>(impl_->io);
  impl_->unix_acceptor->open();
  impl_->unix_acceptor->bind(address);
  impl_->unix_acceptor->listen(0);
  for (int error = 0; error == 0;) {
    Unix::socket& socket = impl_->backlog.emplace_back(impl_->io);
    socket.open();
    socket.native_non_blocking(true);
    error =
        ::connect(socket.native_handle(), address.data(), static_cast<socklen_t>(address.size()));
  }
}

void ScriptedEngine::drop_connections() {
  for (const ConnectionPtr& connection : impl_->connections) connection->close();
}

void ScriptedEngine::inject(Fault fault) {
  impl_->faults.push_back(std::move(fault));
}

void ScriptedEngine::heal() {
  impl_->faults.clear();
  for (const auto& gate : std::exchange(impl_->delayed, {})) gate->notify();
}

void ScriptedEngine::drip() {
  for (const auto& gate : std::exchange(impl_->dripping, {})) gate->notify();
}

}  // namespace rollcall::test
