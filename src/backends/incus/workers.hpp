// A few coroutines that work on one list together.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <rollcall/task.hpp>

namespace rollcall::incus {

/// What the workers share.
struct SharedWork {
  std::size_t count = 0;
  const std::function<Task<void>(std::size_t)>& work;
  std::size_t next = 0;
  std::optional<RuntimeError> error{};
};

inline boost::asio::awaitable<void> worker(SharedWork& shared) {
  while (shared.next < shared.count && !shared.error) {
    const std::size_t at = shared.next++;
    auto done = co_await shared.work(at);
    if (!done && !shared.error) shared.error = std::move(done.error());
  }
}

/// Calls `work(at)` for each number below `count`, four at once, until all are done or one failed.
///
/// Errors: the first of the work's. Lifetime: `work` must outlive the call.
inline Task<void> for_each_of(std::size_t count,
                              const std::function<Task<void>(std::size_t)>& work) {
  using namespace boost::asio::experimental::awaitable_operators;
  SharedWork shared{.count = count, .work = work};
  try {
    co_await ((worker(shared) && worker(shared)) && (worker(shared) && worker(shared)));
  } catch (const boost::asio::multiple_exceptions&) {  // cancelled, each of them unwinds
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  }
  if (shared.error) co_return fail(std::move(*shared.error));
  co_return Result<void>();
}

}  // namespace rollcall::incus
