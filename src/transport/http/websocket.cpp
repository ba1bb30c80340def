#include "transport/http/websocket.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "core/failure.hpp"
#include "core/text/text.hpp"

namespace rollcall {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// A read or a write in progress.
struct Operation {
  asio::cancellation_signal signal;
};
using OperationPtr = std::shared_ptr<Operation>;

/// Adapts a Stream to Beast: an AsyncReadStream and AsyncWriteStream in the terms of Boost.
///
/// Each operation is a coroutine that shares the stream, so it may outlive the WebSocket until its
/// cancellation is done. Everything runs on one executor.
class Link {
 public:
  using executor_type = asio::any_io_executor;

  Link(executor_type executor, StreamPtr stream)
      : executor_(std::move(executor)), state_(std::make_shared<State>(std::move(stream))) {}

  [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          start(read(state_, first_of(into)), &State::reading, std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          start(write(state_, text_of(from)), &State::writing, std::move(handler));
        },
        token, buffers);
  }

  /// Cancels the operations in progress and all later ones.
  void cancel() { cancel_all(executor_, state_); }

  /// The error of the stream, if it had one.
  [[nodiscard]] const std::optional<RuntimeError>& error() const { return state_->error; }

 private:
  struct State {
    explicit State(StreamPtr s) : stream(std::move(s)) {}
    StreamPtr stream;
    OperationPtr reading;  // Null: none is in progress.
    OperationPtr writing;
    bool cancelled = false;
    std::optional<RuntimeError> error;
  };
  using StatePtr = std::shared_ptr<State>;
  using Handler = std::move_only_function<void(error_code, std::size_t)>;

  template <class Buffers>
  static std::span<char> first_of(const Buffers& buffers) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const asio::mutable_buffer buffer(*at);
      if (buffer.size() > 0) return {static_cast<char*>(buffer.data()), buffer.size()};
    }
    return {};
  }

  /// Joins the buffers, so that a head is not sent in many small writes.
  template <class Buffers>
  static std::string text_of(const Buffers& buffers) {
    std::string text(asio::buffer_size(buffers), '\0');
    asio::buffer_copy(asio::buffer(text), buffers);
    return text;
  }

  // No deadlines here: Beast has its own timer, and calls cancel() when it expires.
  static Task<std::size_t> read(StatePtr state, std::span<char> into) {
    co_return co_await state->stream->read_some(into, Milliseconds::zero());
  }
  static Task<std::size_t> write(StatePtr state, std::string text) {
    auto written = co_await state->stream->write(text, Milliseconds::zero());
    if (!written) co_return fail(std::move(written.error()));
    co_return text.size();
  }

  // If a cancelled coroutine has not suspended yet, Asio suspends it once before it completes, and
  // throws there without calling the completion handler. Disabling that check avoids it.
  static Task<std::size_t> to_its_end(Task<std::size_t> work) {
    std::exception_ptr thrown;
    Result<std::size_t> size = std::size_t{0};
    try {
      size = co_await std::move(work);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (thrown) std::rethrow_exception(thrown);
    co_return size;
  }

  // Asio queues the function that cancels a coroutine, and it points into the signal. So the
  // operation owns its signal, and is kept until that function has run.
  static void cancel(const executor_type& executor, OperationPtr operation) {
    if (!operation) return;
    operation->signal.emit(asio::cancellation_type::terminal);
    asio::post(executor, [kept = std::move(operation)] {});
  }

  // One operation of Beast consists of several of ours. A cancellation that arrives after one of
  // them has succeeded and before the next begins must end that next one, too: hence the flag.
  static void cancel_all(const executor_type& executor, const StatePtr& state) {
    state->cancelled = true;
    cancel(executor, state->reading);
    cancel(executor, state->writing);
  }

  template <class BeastHandler>
  void start(Task<std::size_t> task, OperationPtr State::* direction, BeastHandler handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      const std::weak_ptr<State> weak = state_;
      slot.assign([executor = executor_, weak](asio::cancellation_type) {
        if (const auto state = weak.lock()) cancel_all(executor, state);
      });
    }
    run(std::move(task), direction, std::move(handler));
  }

  void run(Task<std::size_t> task, OperationPtr State::* direction, Handler handler);

  executor_type executor_;
  StatePtr state_;
};

void Link::run(Task<std::size_t> task, OperationPtr State::* direction, Handler handler) {
  if (state_->cancelled) {
    return asio::post(executor_, [handler = std::move(handler)]() mutable {
      handler(asio::error::operation_aborted, 0);
    });
  }
  const auto operation = std::make_shared<Operation>();
  (*state_).*direction = operation;
  auto done = [state = state_, direction, handler = std::move(handler)](
                  const std::exception_ptr& thrown, Result<std::size_t> size) mutable {
    ((*state).*direction).reset();
    if (thrown && is_cancellation(thrown)) return handler(asio::error::operation_aborted, 0);
    if (thrown) size = fail(failure_of(thrown, {}));
    if (size) return handler(*size == 0 ? asio::error::eof : error_code(), *size);
    if (!state->error) state->error = std::move(size.error());
    handler(asio::error::connection_reset, 0);
  };
  asio::co_spawn(executor_, to_its_end(std::move(task)),
                 asio::bind_cancellation_slot(operation->signal.slot(), std::move(done)));
}

// The customization points of Beast. The connection lives exactly as long as its WebSocket.
void beast_close_socket(Link& link) {
  link.cancel();
}

template <class Handler>
void async_teardown(beast::role_type /*role*/, Link& link, Handler&& handler) {
  asio::post(link.get_executor(),
             [h = std::forward<Handler>(handler)]() mutable { std::move(h)(error_code()); });
}

bool is_regular(std::uint16_t code) {
  constexpr std::array<std::uint16_t, 4> regular = {
      websocket::close_code::normal, websocket::close_code::going_away, websocket::close_code::none,
      websocket::close_code::service_restart};
  return std::ranges::find(regular, code) != regular.end();
}

std::unexpected<RuntimeError> cut(const std::string& url) {
  return fail({.kind = ErrorKind::unavailable,
               .fault = ConnectFault::unreachable,
               .endpoint = url,
               .what = "the engine closed the stream in the middle",
               .remedy = "the engine ends or is still starting: look at its log"});
}

}  // namespace

struct WebSocket::Impl {
  using Socket = websocket::stream<Link, false>;

  Impl(const asio::any_io_executor& executor, StreamPtr stream, std::string u, WebSocketLimits l)
      : socket(executor, std::move(stream)), url(std::move(u)), limits(l) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = limits.handshake;
    timeout.idle_timeout = limits.idle;
    timeout.keep_alive_pings = true;
    socket.set_option(timeout);
    socket.read_message_max(limits.max_message);
    socket.control_callback([this](websocket::frame_type type, beast::string_view /*text*/) {
      if (type == websocket::frame_type::close) told_to_close = true;
    });
    socket.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(http::field::user_agent, "rollcall");
    }));
  }
  ~Impl() { socket.next_layer().cancel(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Converts an error of Beast. A cancellation is thrown, so that the coroutine unwinds.
  [[nodiscard]] std::unexpected<RuntimeError> meaning_of(const error_code& ec,
                                                         Milliseconds deadline,
                                                         ConnectFault rubbish) {
    if (ec == beast::error::timeout) return mute(deadline);
    if (const auto& error = socket.next_layer().error()) return fail(*error);
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    const bool ended = ec == asio::error::eof || ec == http::error::end_of_stream ||
                       ec == http::error::partial_message;
    if (ended) return cut(url);
    return fail({.kind = ErrorKind::protocol,
                 .fault = rubbish,
                 .endpoint = url,
                 .what = fmt::format("the stream is no WebSocket: {}", ec.message()),
                 .remedy = "check that this is the engine's API endpoint"});
  }

  [[nodiscard]] std::unexpected<RuntimeError> mute(Milliseconds deadline) const {
    return fail({.kind = ErrorKind::unavailable,
                 .fault = ConnectFault::mute,
                 .endpoint = url,
                 .what = fmt::format("the stream of events is silent for {} s",
                                     static_cast<double>(deadline.count()) / 1000),
                 .remedy = "the engine hangs or is still starting: look at its log"});
  }

  [[nodiscard]] std::unexpected<RuntimeError> closed() const {
    const auto& reason = socket.reason();
    return fail(
        {.kind = ErrorKind::unavailable,
         .fault = ConnectFault::none,
         .endpoint = url,
         .what = fmt::format("the engine ended the stream with code {}: {}", reason.code,
                             excerpt(std::string_view(reason.reason.data(), reason.reason.size()))),
         .remedy = "look at the engine's log"});
  }

  Socket socket;
  std::string url;
  WebSocketLimits limits;
  bool told_to_close = false;  // The peer sent a close frame, whatever became of our answer to it.
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::~WebSocket() = default;

void WebSocket::cancel() {
  impl_->socket.next_layer().cancel();
}

Task<std::optional<std::string>> WebSocket::read() {
  std::string message;
  auto buffer = asio::dynamic_buffer(message);
  auto [ec, size] = co_await impl_->socket.async_read(buffer, as_result);
  if (!ec) {
    message.resize(size);
    co_return std::optional(std::move(message));
  }
  if (impl_->told_to_close && ec != asio::error::operation_aborted) {
    if (is_regular(impl_->socket.reason().code)) co_return std::nullopt;
    co_return impl_->closed();
  }
  co_return impl_->meaning_of(ec, impl_->limits.idle, ConnectFault::none);
}

/// Gives open_websocket() access to the private constructor.
struct WebSocketOpener {
  static Task<WebSocketAnswer> open(StreamPtr stream, WebSocketRequest request,
                                    WebSocketLimits limits) {
    const auto executor = co_await asio::this_coro::executor;
    auto impl = std::make_unique<WebSocket::Impl>(executor, std::move(stream), request.url, limits);
    websocket::response_type response;
    auto [ec] =
        co_await impl->socket.async_handshake(response, request.host, request.target, as_result);
    if (ec && ec != websocket::error::upgrade_declined) {
      co_return impl->meaning_of(ec, limits.handshake, ConnectFault::not_this_api);
    }
    WebSocketAnswer answer{.status = response.result_int()};
    if (ec) {
      answer.body = std::move(response.body());
    } else {
      answer.socket = WebSocketPtr(new WebSocket(std::move(impl)));
    }
    co_return answer;
  }
};

Task<WebSocketAnswer> open_websocket(StreamPtr stream, WebSocketRequest request,
                                     WebSocketLimits limits) {
  return WebSocketOpener::open(std::move(stream), std::move(request), limits);
}

}  // namespace rollcall
