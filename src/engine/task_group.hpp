// Structured concurrency: coroutines that are cancelled together and awaited together.
#pragma once

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

  /// Starts a coroutine, at the executor's next turn. One that ends with an exception other than
  /// cancellation hands it to join().
  void spawn(boost::asio::awaitable<void> task);

  /// Asks all running coroutines to unwind.
  void cancel();

  /// Completes when none is left. Throws the first exception that was not a cancellation.
  [[nodiscard]] boost::asio::awaitable<void> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall
