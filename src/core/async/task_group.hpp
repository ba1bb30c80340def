// Structured concurrency: coroutines that are cancelled together and awaited together.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace rollcall {

/// Owns running coroutines. Await join() before the objects that they use go away.
///
/// Threads: one executor. Destroying a group neither cancels nor waits.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);

  /// A group within another: the outer one cancels and awaits its coroutines, too.
  static TaskGroup within(const TaskGroup& outer);

  /// Called at once for each coroutine that ends with an exception other than cancellation. Must
  /// not throw. Without it the exception waits for join(), or goes to the outer group.
  using FailureHandler = std::function<void(const std::exception_ptr&)>;
  void on_failure(FailureHandler handler);

  /// Starts a coroutine, at the executor's next turn. If that throws, nothing was started.
  void spawn(boost::asio::awaitable<void> task);

  /// Asks all running coroutines to unwind, without memory of its own.
  void cancel();

  /// Completes when no coroutine is left. Throws the first exception that was neither a
  /// cancellation nor passed to a handler.
  [[nodiscard]] boost::asio::awaitable<void> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall
