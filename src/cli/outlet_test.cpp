#include "cli/outlet.hpp"

#include <array>
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

namespace asio = boost::asio;

class OutletTest : public testing::Test {
 protected:
  OutletTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(pipe_.data(), O_CLOEXEC), 0);
    ::fcntl(pipe_[1], F_SETPIPE_SZ, 4096);
  }
  ~OutletTest() override {
    close_reader();
    ::close(pipe_[1]);
  }

  void close_reader() {
    if (pipe_[0] >= 0) ::close(pipe_[0]);
    pipe_[0] = -1;
  }

  std::string read_some() const {
    std::string text(1024, '\0');
    const auto size = ::read(pipe_[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  std::array<int, 2> pipe_{-1, -1};
  asio::io_context context_{1};
};

TEST_F(OutletTest, WritesAtOnceAndLeavesTheDescriptorBlocking) {
  Outlet outlet(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, outlet.run(), asio::detached);
  outlet.write("a line\n");
  EXPECT_EQ(read_some(), "a line\n");
  context_.poll();
  EXPECT_EQ(::fcntl(pipe_[1], F_GETFL) & O_NONBLOCK, 0) << "others share it";
  outlet.close();
  context_.run();
}

TEST_F(OutletTest, AReaderThatGoesAwayIsNoticedWithoutAWrite) {
  Outlet outlet(pipe_[1], context_.get_executor());
  bool ended = false;
  asio::co_spawn(context_, outlet.run(), [&](const std::exception_ptr&) { ended = true; });
  context_.poll();
  EXPECT_FALSE(ended);
  close_reader();
  context_.run();
  EXPECT_TRUE(ended);
  EXPECT_EQ(outlet.error(), EPIPE);
}

TEST_F(OutletTest, ASlowReaderHoldsTheWriterBackAndLosesNothing) {
  Outlet outlet(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, outlet.run(), asio::detached);
  const std::string text(20000, 'x');
  outlet.write(text);
  bool drained = false;
  asio::co_spawn(context_, outlet.drained(), [&](const std::exception_ptr&) { drained = true; });
  context_.poll();
  EXPECT_FALSE(drained);
  std::string received;
  while (received.size() < text.size()) {
    received += read_some();
    context_.poll();
  }
  EXPECT_EQ(received, text);
  EXPECT_TRUE(drained);
  outlet.close();
  context_.run();
}

TEST_F(OutletTest, ClosingFreesAWriterThatWaits) {
  Outlet outlet(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, outlet.run(), asio::detached);
  outlet.write(std::string(20000, 'x'));
  asio::co_spawn(context_, outlet.drained(), asio::detached);
  asio::co_spawn(context_, outlet.drained(), asio::detached);
  context_.poll();
  outlet.close();
  context_.run();
  EXPECT_EQ(outlet.error(), ECANCELED);
}

TEST_F(OutletTest, PlainFilesNeedNoWaiting) {
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Outlet outlet(file, context_.get_executor());
  asio::co_spawn(context_, outlet.run(), asio::detached);
  outlet.write("x");
  asio::co_spawn(context_, outlet.drained(), asio::detached);
  context_.poll();
  EXPECT_EQ(outlet.error(), 0);
  outlet.close();
  context_.run();
  ::close(file);
}

}  // namespace
}  // namespace rollcall::cli
