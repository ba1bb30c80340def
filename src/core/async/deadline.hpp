// A limit to how long something may take.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <rollcall/task.hpp>

namespace rollcall {

/// Returns the result of `work`, or `late` if it takes longer than `limit`; the work is then
/// cancelled and awaited. Cancelling this cancels the work, too.
template <class T>
Task<T> with_deadline(Task<T> work, std::chrono::nanoseconds limit, RuntimeError late) {
  namespace asio = boost::asio;
  // Shared with the timer's handler, which may be on its way when the work ends.
  struct State {
    asio::cancellation_signal stop;
    bool expired = false;
  };
  const auto state = std::make_shared<State>();
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, limit);
  timer.async_wait([state](boost::system::error_code error) {
    if (error) return;
    state->expired = true;
    state->stop.emit(asio::cancellation_type::terminal);
  });
  // The work has a cancellation slot of its own, so ours is free.
  auto ours = co_await asio::this_coro::cancellation_state;
  if (ours.slot().is_connected()) {
    ours.slot().assign([state](asio::cancellation_type type) { state->stop.emit(type); });
  }
  auto ended = asio::co_spawn(
      executor, std::move(work),
      asio::bind_cancellation_slot(state->stop.slot(), asio::as_tuple(asio::use_awaitable)));
  auto [thrown, result] = co_await std::move(ended);
  if (ours.slot().is_connected()) ours.slot().clear();
  // Cancelled work unwinds, or reports the cancellation as a broken connection.
  if (state->expired && (thrown || !result)) co_return fail(std::move(late));
  if (thrown) std::rethrow_exception(thrown);
  co_return std::move(result);
}

}  // namespace rollcall
