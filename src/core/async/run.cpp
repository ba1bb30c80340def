#include "core/async/run.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall {

namespace asio = boost::asio;

asio::awaitable<void> never() {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

void SideBySide::add(asio::awaitable<void> work) {
  ++running_;
  asio::co_spawn(context_, std::move(work), [this](const std::exception_ptr& thrown) {
    rethrow(thrown);
    if (--running_ == 0) context_.stop();
  });
}

void SideBySide::run() {
  if (running_ > 0) context_.run();
}

}  // namespace rollcall
