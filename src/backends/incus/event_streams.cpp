#include "backends/incus/event_streams.hpp"

#include <cstddef>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

namespace rollcall::incus {

namespace asio = boost::asio;
using boost::system::error_code;

/// Shared with the reading coroutines, which may outlive the streams by a moment.
struct EventStreams::State {
  using Message = Result<std::optional<std::string>>;

  State(const asio::any_io_executor& executor, std::vector<WebSocketPtr> s)
      : sockets(std::move(s)), messages(executor) {}

  /// Passes on messages of one stream. Each waits until it is taken.
  static asio::awaitable<void> hand_on(std::shared_ptr<State> state, std::size_t at) {
    for (bool goes_on = true; goes_on;) {
      auto reading = state->sockets[at]->read();
      Message message = co_await std::move(reading);
      goes_on = message && *message;
      co_await state->messages.async_send(error_code(), std::move(message), asio::use_awaitable);
    }
  }

  std::vector<WebSocketPtr> sockets;
  asio::experimental::channel<void(error_code, Message)> messages;
  std::exception_ptr thrown;  // The first error of a reading coroutine, if it was no cancellation.
};

namespace {

/// Whether the error comes from the destructor, which ends the coroutines that way.
bool is_end(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    const error_code code = error.code();
    return code == asio::error::operation_aborted ||
           code == asio::experimental::error::channel_cancelled ||
           code == asio::experimental::error::channel_closed;
  } catch (...) {
    return false;
  }
}

}  // namespace

EventStreams::EventStreams(const asio::any_io_executor& executor, std::vector<WebSocketPtr> sockets)
    : state_(std::make_shared<State>(executor, std::move(sockets))) {
  const std::size_t count = state_->sockets.size();
  if (count == 1) return;  // read() reads it directly
  for (std::size_t at = 0; at < count; ++at) {
    asio::co_spawn(executor, State::hand_on(state_, at),
                   [state = state_](const std::exception_ptr& thrown) {
                     if (!thrown || is_end(thrown)) return;
                     state->thrown = thrown;
                     state->messages.cancel();  // wakes the reader, which reports it
                   });
  }
}

EventStreams::~EventStreams() {
  state_->messages.close();
  state_->messages.cancel();  // close() alone does not wake the senders
  for (const WebSocketPtr& socket : state_->sockets) socket->cancel();
}

Task<std::optional<std::string>> EventStreams::read() {
  const std::shared_ptr<State> state = state_;
  if (state->sockets.size() == 1) co_return co_await state->sockets.front()->read();
  auto [ec, message] = co_await state->messages.async_receive(asio::as_tuple(asio::use_awaitable));
  if (state->thrown) std::rethrow_exception(state->thrown);
  // Only the destructor closes the channel, so this is a cancellation.
  if (ec) throw boost::system::system_error(asio::error::operation_aborted);
  co_return std::move(message);
}

}  // namespace rollcall::incus
