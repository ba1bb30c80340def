// Running coroutines to their end, and a coroutine that never ends.
#pragma once

#include <cstddef>
#include <exception>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace rollcall {

/// Ends only when cancelled.
[[nodiscard]] boost::asio::awaitable<void> never();

/// A handler for co_spawn: an exception of the coroutine leaves the context's run().
inline constexpr auto rethrow = [](const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
};

/// Coroutines that are run side by side until all have ended.
///
/// Threads: none. Lifetime: has a context of its own and stops it at the end, so it does not wait
/// for what a backend left running, such as a name look-up.
class SideBySide {
 public:
  explicit SideBySide(boost::asio::io_context& context) : context_(context) {}

  void add(boost::asio::awaitable<void> work);

  /// Returns at once if nothing was added. Rethrows the exception of a coroutine.
  void run();

 private:
  boost::asio::io_context& context_;
  std::size_t running_ = 0;
};

}  // namespace rollcall
