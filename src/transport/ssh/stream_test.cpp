// The process and its stream, with scripts in place of ssh.
#include "transport/ssh/stream.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/process.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;

class SshTest : public testing::Test {
 protected:
  /// An endpoint whose ssh is this shell script. $DIR is the test's folder.
  Endpoint through(std::string_view script) {
    const std::string folder = folder_.path();
    folder_.write("ssh", "#!/bin/sh\nDIR=" + folder + "\n" + std::string(script) + "\n");
    ::chmod((folder + "/ssh").c_str(), 0755);
    Endpoint endpoint = *parse_endpoint("ssh://me@host", 0);
    endpoint.ssh = {.program = folder + "/ssh", .command = "docker system dial-stdio"};
    return endpoint;
  }
  void open(const Endpoint& endpoint, Milliseconds deadline = 5s) {
    auto stream = test::run(io_, open_ssh(endpoint, deadline));
    ASSERT_TRUE(stream) << stream.error();
    stream_ = std::move(*stream);
  }
  Result<std::string> read(Milliseconds deadline = 5s) {
    std::string buffer(1000, '\0');
    auto size = test::run(io_, stream_->read_some(buffer, deadline));
    if (!size) return fail(std::move(size.error()));
    buffer.resize(*size);
    return buffer;
  }
  Result<void> write(std::string_view data) { return test::run(io_, stream_->write(data, 5s)); }

  std::string written(const char* name) {
    std::ifstream file(folder_.path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Whether the processes whose pids are in the file have ended.
  bool are_gone(const char* name) {
    std::ifstream file(folder_.path() / name);
    for (pid_t pid = 0; file >> pid;) {
      if (::kill(pid, 0) == 0 || errno != ESRCH) return false;
    }
    return true;
  }

  asio::io_context io_;
  support::TempFolder folder_;
  StreamPtr stream_;
};

TEST_F(SshTest, CarriesBytesBothWaysThroughTheCommand) {
  open(through("printf '%s\\n' \"$@\" >$DIR/arguments; exec cat"));
  ASSERT_TRUE(write("ping"));
  EXPECT_EQ(read().value_or("error"), "ping");
  EXPECT_THAT(written("arguments"),
              testing::EndsWith("-T\n-l\nme\n--\nhost\ndocker system dial-stdio\n"));
}

TEST_F(SshTest, NothingElseOfOursIsOpenInItAndSignalsAreAsUsual) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  open(
      through("ls -l /proc/$$/fd >$DIR/fds; grep SigIgn /proc/$$/status >$DIR/signals; echo done"));
  ::signal(SIGPIPE, before);
  EXPECT_EQ(read().value_or("error"), "done\n");
  EXPECT_THAT(written("fds"),
              testing::Not(testing::ContainsRegex("anon_inode|socket.*socket.*socket")));
  EXPECT_THAT(written("signals"), testing::EndsWith("0000\n"));  // SIGPIPE is 13.
}

TEST_F(SshTest, WhatItSaysWhenItFailsIsTheErrorOfTheFirstRead) {
  open(through("echo 'me@host: Permission denied (publickey).' >&2; exit 255"));
  const auto bytes = read();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().fault, ConnectFault::auth);
  EXPECT_EQ(bytes.error().kind, ErrorKind::denied);
  EXPECT_THAT(bytes.error().what, HasSubstr("Permission denied (publickey)."));
}

TEST_F(SshTest, OrTheErrorOfAWrite) {
  open(through("exec <&- >&-; echo 'Host key verification failed.' >&2; exit 255"));
  Result<void> result;
  const bool failed =
      support::eventually(5s, [&] { return !(result = write("GET / HTTP/1.1")).has_value(); });
  ASSERT_TRUE(failed);
  EXPECT_EQ(result.error().fault, ConnectFault::tls) << result.error();
}

TEST_F(SshTest, OneThatDiesInTheMiddleIsNoRegularEnd) {
  open(through("printf half; echo 'client_loop: send disconnect: Broken pipe' >&2; exit 255"));
  EXPECT_EQ(read().value_or("error"), "half");
  const auto more = read();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().fault, ConnectFault::unreachable);
  EXPECT_THAT(more.error().what, HasSubstr("the connection by ssh broke: client_loop"));
}

TEST_F(SshTest, OneThatEndsWellHasEnded) {
  open(through("printf all"));
  EXPECT_EQ(read().value_or("error"), "all");
  EXPECT_EQ(read().value_or("error"), "");
}

TEST_F(SshTest, OneThatHangsIsMuteAndEndsWithTheStreamWithAllThatItStarted) {
  open(through("sleep 1000 & echo $$ $! >$DIR/pids; mv $DIR/pids $DIR/ready; wait"), 20ms);
  ASSERT_TRUE(support::eventually(5s, [&] { return !written("ready").empty(); }));
  const auto bytes = read(20ms);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().fault, ConnectFault::mute);
  EXPECT_THAT(bytes.error().what, HasSubstr("0.04 s"));
  EXPECT_FALSE(are_gone("ready"));
  stream_.reset();
  EXPECT_TRUE(support::eventually(5s, [&] { return are_gone("ready"); }));
}

TEST_F(SshTest, WhatItSaidWhileItHangsIsToldWithTheSilence) {
  open(through("echo 'Connecting by way of gate' >&2; touch $DIR/ready; exec sleep 1000"), 20ms);
  ASSERT_TRUE(
      support::eventually(5s, [&] { return std::ifstream(folder_.path() / "ready").good(); }));
  const auto bytes = read(20ms);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().fault, ConnectFault::mute);
  EXPECT_THAT(bytes.error().what, HasSubstr("; ssh said: Connecting by way of gate"));
}

TEST_F(SshTest, MessagesThatNobodyReadsDoNotStopIt) {
  open(through("head -c 200000 /dev/zero >&2; echo done"));
  EXPECT_EQ(read(20s).value_or("error"), "done\n");
}

TEST_F(SshTest, WithoutADescriptorToWaitForItsEndItIsAnError) {
  open(through("echo on; exec sleep 1000 <&- >&-"));
  EXPECT_EQ(read().value_or("error"), "on\n");
  // The sanitizer opens descriptors of its own when it meets a class for the first time.
  for (const auto* category :
       {&boost::system::system_category(), &boost::system::generic_category()}) {
    EXPECT_FALSE(boost::system::error_code(EMFILE, *category).message().empty());
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto bytes = read();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().what, HasSubstr("cannot be waited for: Too many open files"));
}

TEST_F(SshTest, CancellingAReadUnwindsAndLeavesNothing) {
  open(through("echo $$ >$DIR/pids; mv $DIR/pids $DIR/ready; exec sleep 1000"));
  ASSERT_TRUE(support::eventually(5s, [&] { return !written("ready").empty(); }));
  std::string buffer(10, '\0');
  asio::cancellation_signal cancel;
  std::exception_ptr thrown;
  asio::co_spawn(io_, stream_->read_some(buffer, 60s),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& e, auto) { thrown = e; }));
  io_.restart();
  io_.poll();
  cancel.emit(asio::cancellation_type::terminal);
  io_.restart();
  io_.run();
  EXPECT_NE(thrown, nullptr);
  stream_.reset();
  EXPECT_TRUE(are_gone("ready"));
}

TEST_F(SshTest, AProgramThatIsNotThereIsSaid) {
  Endpoint endpoint = through("");
  endpoint.ssh.program = "rollcall-no-such-ssh";
  const auto stream = test::run(io_, open_ssh(endpoint, 5s));
  ASSERT_FALSE(stream);
  EXPECT_THAT(stream.error().what, HasSubstr("no program rollcall-no-such-ssh"));
}

}  // namespace
}  // namespace rollcall
