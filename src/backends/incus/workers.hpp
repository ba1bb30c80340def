// A few coroutines that process one list concurrently.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <rollcall/task.hpp>

#include "core/failure.hpp"

namespace rollcall::incus {

/// State that the workers share.
struct SharedWork {
  std::size_t count = 0;
  const std::function<Task<void>(std::size_t)>& work;
  std::size_t next = 0;
  std::optional<RuntimeError> error{};
  std::exception_ptr thrown{};  ///< By the work, and no cancellation.
};

inline boost::asio::awaitable<void> worker(SharedWork& shared) {
  while (shared.next < shared.count && !shared.error && !shared.thrown) {
    const std::size_t at = shared.next++;
    try {
      auto done = co_await shared.work(at);
      if (!done && !shared.error) shared.error = std::move(done.error());
    } catch (...) {
      // If several workers throw, Asio does not say which of them was cancelled, so handle all
      // other exceptions here.
      if (is_cancellation(std::current_exception())) throw;
      shared.thrown = std::current_exception();
    }
  }
}

/// Calls `work(at)` for each number below `count`, four at once, until all are done or one has
/// failed.
///
/// Errors: the first error of `work`. Lifetime: `work` must outlive the call.
inline Task<void> for_each_of(std::size_t count,
                              const std::function<Task<void>(std::size_t)>& work) {
  using namespace boost::asio::experimental::awaitable_operators;
  SharedWork shared{.count = count, .work = work};
  try {
    co_await ((worker(shared) && worker(shared)) && (worker(shared) && worker(shared)));
  } catch (const boost::asio::multiple_exceptions&) {  // Cancelled: each worker unwinds.
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  if (shared.thrown) std::rethrow_exception(shared.thrown);
  if (shared.error) co_return fail(std::move(*shared.error));
  co_return Result<void>();
}

}  // namespace rollcall::incus
