#include "cli/view/standard_output.hpp"

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

class StandardOutputTest : public testing::Test {
 protected:
  StandardOutputTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(pipe_.data(), O_CLOEXEC), 0);
    ::fcntl(pipe_[1], F_SETPIPE_SZ, 4096);
  }
  ~StandardOutputTest() override {
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

TEST_F(StandardOutputTest, WritesAtOnceAndLeavesTheDescriptorBlocking) {
  StandardOutput output(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, output.run(), asio::detached);
  output.write("a line\n");
  EXPECT_EQ(read_some(), "a line\n");
  context_.poll();
  EXPECT_EQ(::fcntl(pipe_[1], F_GETFL) & O_NONBLOCK, 0) << "others share it";
  output.close();
  context_.run();
}

TEST_F(StandardOutputTest, AReaderThatGoesAwayIsNoticedWithoutAWrite) {
  StandardOutput output(pipe_[1], context_.get_executor());
  bool ended = false;
  asio::co_spawn(context_, output.run(), [&](const std::exception_ptr&) { ended = true; });
  context_.poll();
  EXPECT_FALSE(ended);
  close_reader();
  context_.run();
  EXPECT_TRUE(ended);
  EXPECT_EQ(output.error(), EPIPE);
}

TEST_F(StandardOutputTest, ASlowReaderHoldsTheWriterBackAndLosesNothing) {
  StandardOutput output(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, output.run(), asio::detached);
  const std::string text(20000, 'x');
  output.write(text);
  bool drained = false;
  asio::co_spawn(context_, output.drained(), [&](const std::exception_ptr&) { drained = true; });
  context_.poll();
  EXPECT_FALSE(drained);
  std::string received;
  while (received.size() < text.size()) {
    received += read_some();
    context_.poll();
  }
  EXPECT_EQ(received, text);
  EXPECT_TRUE(drained);
  output.close();
  context_.run();
}

TEST_F(StandardOutputTest, ClosingFreesAWriterThatWaits) {
  StandardOutput output(pipe_[1], context_.get_executor());
  asio::co_spawn(context_, output.run(), asio::detached);
  output.write(std::string(20000, 'x'));
  asio::co_spawn(context_, output.drained(), asio::detached);
  asio::co_spawn(context_, output.drained(), asio::detached);
  context_.poll();
  output.close();
  context_.run();
  EXPECT_EQ(output.error(), ECANCELED);
}

TEST_F(StandardOutputTest, PlainFilesNeedNoWaiting) {
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  StandardOutput output(file, context_.get_executor());
  asio::co_spawn(context_, output.run(), asio::detached);
  output.write("x");
  asio::co_spawn(context_, output.drained(), asio::detached);
  context_.poll();
  EXPECT_EQ(output.error(), 0);
  output.close();
  context_.run();
  ::close(file);
}

}  // namespace
}  // namespace rollcall::cli
