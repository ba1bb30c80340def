#include "core/async/run.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> note(std::string& into, std::string text) {
  into = std::move(text);
  co_return;
}

asio::awaitable<void> fail_with(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

TEST(SideBySide, EndsWithTheLastAndLeavesWhatWasNotAdded) {
  asio::io_context context;
  std::string one;
  std::string two;
  asio::co_spawn(context, never(), rethrow);
  SideBySide all(context);
  all.add(note(one, "a"));
  all.add(note(two, "b"));
  all.run();
  EXPECT_EQ(one + two, "ab");
}

TEST(SideBySide, OfNothingEndsAtOnce) {
  asio::io_context context;
  asio::co_spawn(context, never(), rethrow);
  SideBySide(context).run();
}

TEST(SideBySide, ThrowsWhatOneThrows) {
  asio::io_context context;
  SideBySide all(context);
  all.add(fail_with("broken"));
  EXPECT_THROW(all.run(), std::runtime_error);
}

}  // namespace
}  // namespace rollcall
