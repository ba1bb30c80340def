// Lets long work yield to other coroutines.
#pragma once

#include <chrono>
#include <cstddef>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rollcall {

/// For a loop over up to hundreds of thousands of items: `if (pace.due()) co_await pace.rest();`.
/// Others must not change the items meanwhile.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t between_looks = 256;  ///< Loops that are shorter never rest.
  static constexpr std::chrono::milliseconds turn{3};

  /// Whether it is time to yield. Cheap: it reads the clock only now and then.
  [[nodiscard]] bool due() noexcept {
    if (++steps_ % between_looks != 0) return false;
    return Clock::now() - began_ >= turn;
  }

  [[nodiscard]] boost::asio::awaitable<void> rest() {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    began_ = Clock::now();
  }

 private:
  std::size_t steps_ = 0;
  Clock::time_point began_ = Clock::now();
};

}  // namespace rollcall
