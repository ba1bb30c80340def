#include "core/async/turns.hpp"

#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

namespace asio = boost::asio;

class TurnsTest : public testing::Test {
 protected:
  asio::awaitable<void> visit(char name) {
    const auto turn = co_await turns_.take();
    story_ += name;
    for (int i = 0; i < 3; ++i) co_await asio::post(io_, asio::use_awaitable);
    story_ += name;
  }

  asio::io_context io_;
  Turns turns_{io_.get_executor()};
  std::string story_;
};

TEST_F(TurnsTest, AreOneAfterTheOtherInTheOrderInWhichTheyWereAskedFor) {
  for (const char name : {'a', 'b', 'c'}) asio::co_spawn(io_, visit(name), asio::detached);
  io_.run();
  EXPECT_EQ(story_, "aabbcc");
}

TEST_F(TurnsTest, OneThatIsNotWaitedForAnyMoreDelaysNobody) {
  asio::cancellation_signal cancel;
  asio::co_spawn(io_, visit('a'), asio::detached);
  asio::co_spawn(io_, visit('b'),
                 asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
  asio::co_spawn(io_, visit('c'), asio::detached);
  asio::post(io_, [&] { cancel.emit(asio::cancellation_type::terminal); });
  io_.run();
  EXPECT_EQ(story_, "aacc");
}

}  // namespace
}  // namespace rollcall
