// Runs one task to its end on an executor of its own.
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <rollcall/task.hpp>

namespace rollcall::test {

template <class T>
Result<T> run(boost::asio::io_context& io, Task<T> task) {
  std::optional<Result<T>> result;
  boost::asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& thrown, Result<T> r) {
    if (thrown) std::rethrow_exception(thrown);
    result = std::move(r);
  });
  io.restart();
  while (!result && io.run_one() > 0) {
  }
  return std::move(*result);
}

template <class T>
Result<T> run(Task<T> task) {
  boost::asio::io_context io;
  return run(io, std::move(task));
}

}  // namespace rollcall::test
