#include "core/async/deadline.hpp"

#include <optional>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::milliseconds;

Task<int> at_once() {
  co_return 7;
}

Task<int> never() {
  asio::steady_timer timer(co_await asio::this_coro::executor, hours(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return 0;
}

/// Reports its cancellation as a failure of its own.
Task<int> never_and_explains() {
  asio::steady_timer timer(co_await asio::this_coro::executor, hours(1));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return fail({.endpoint = {}, .what = "the connection broke", .remedy = {}});
}

Task<int> broken() {
  throw std::runtime_error("broken");
  co_return 0;
}

Result<int> run(Task<int> work, std::chrono::nanoseconds limit) {
  asio::io_context context(1);
  std::optional<Result<int>> result;
  std::exception_ptr error;
  asio::co_spawn(context,
                 with_deadline(std::move(work), limit,
                               RuntimeError{.endpoint = {}, .what = "too late", .remedy = {}}),
                 [&](const std::exception_ptr& thrown, Result<int> ended) {
                   error = thrown;
                   result = std::move(ended);
                 });
  context.run();
  if (error) std::rethrow_exception(error);
  return *result;
}

TEST(Deadline, ValuesPass) {
  EXPECT_EQ(run(at_once(), hours(1)).value(), 7);
}

TEST(Deadline, LateWorkIsCancelled) {
  EXPECT_EQ(run(never(), milliseconds(1)).error().what, "too late");
  EXPECT_EQ(run(never_and_explains(), milliseconds(1)).error().what, "too late");
}

TEST(Deadline, CancellingItCancelsTheWork) {
  asio::io_context context(1);
  asio::cancellation_signal cancel;
  std::exception_ptr error;
  bool ended = false;
  asio::co_spawn(context, with_deadline(never(), hours(1), RuntimeError{}),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& thrown, const Result<int>&) {
                       error = thrown;
                       ended = true;
                     }));
  context.poll();
  EXPECT_FALSE(ended);
  cancel.emit(asio::cancellation_type::terminal);
  context.restart();
  context.poll();
  EXPECT_TRUE(ended);
  EXPECT_NE(error, nullptr);
}

TEST(Deadline, ExceptionsPass) {
  EXPECT_THROW(static_cast<void>(run(broken(), hours(1))), std::runtime_error);
}

}  // namespace
}  // namespace rollcall
