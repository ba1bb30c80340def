// A latch that one coroutine waits for and any other sets.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall {

/// notify() before wait() is remembered; several count as one. One executor, no threads.
class Signal {
 public:
  explicit Signal(const boost::asio::any_io_executor& executor) : timer_(executor) {
    timer_.expires_at(boost::asio::steady_timer::time_point::max());
  }

  void notify() {
    set_ = true;
    timer_.cancel();
  }

  [[nodiscard]] boost::asio::awaitable<void> wait() {
    // Cancellation of the waiting coroutine wakes it like notify() does, and throws at its next
    // co_await.
    while (!set_) {
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    set_ = false;
  }

 private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace rollcall
