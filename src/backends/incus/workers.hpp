// A few coroutines that work on one list together.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <rollcall/task.hpp>

namespace rollcall::incus {

/// Requests that are under way at once.
constexpr std::size_t worker_count = 4;

/// Calls `work(at)` for each number below `count`, a few at once, until all are done or one failed.
///
/// Errors: the first of the work's. Lifetime: `work` must outlive the call.
inline Task<void> for_each_of(std::size_t count,
                              const std::function<Task<void>(std::size_t)>& work) {
  using namespace boost::asio::experimental::awaitable_operators;
  std::size_t next = 0;
  std::optional<RuntimeError> error;
  const auto worker = [&]() -> boost::asio::awaitable<void> {
    while (next < count && !error) {
      const std::size_t at = next++;
      auto done = co_await work(at);
      if (!done && !error) error = std::move(done.error());
    }
  };
  static_assert(worker_count == 4);
  try {
    co_await ((worker() && worker()) && (worker() && worker()));
  } catch (const boost::asio::multiple_exceptions&) {  // cancelled, each of them unwinds
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  if (error) co_return fail(std::move(*error));
  co_return Result<void>();
}

}  // namespace rollcall::incus
