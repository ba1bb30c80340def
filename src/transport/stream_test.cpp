// Connecting to real sockets: each way in which it can fail.
#include "transport/stream.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostview/path_watch.hpp"
#include "support/run.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Unix = asio::local::stream_protocol;

class StreamTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/rollcall-stream-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Endpoint at(const std::string& name) {
    return *parse_endpoint("unix://" + (folder_ / name).string(), 0);
  }
  Result<StreamPtr> connect(const Endpoint& endpoint) {
    return test::run(io_, connect_stream(endpoint, 1s));
  }
  ConnectFault fault(const Endpoint& endpoint) {
    const auto stream = connect(endpoint);
    return stream ? ConnectFault::none : stream.error().fault;
  }

  asio::io_context io_;
  std::filesystem::path folder_;
};

TEST_F(StreamTest, ASocketThatIsNotThereIsMissing) {
  const auto stream = connect(at("none"));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, ConnectFault::missing);
  EXPECT_EQ(stream.error().kind, ErrorKind::unavailable);
  EXPECT_NE(stream.error().remedy, "");
  EXPECT_THAT(stream.error().describe(), testing::HasSubstr((folder_ / "none").string()));
}

TEST_F(StreamTest, ASocketThatNobodyListensOnIsRefused) {
  {
    const Unix::acceptor gone(io_, Unix::endpoint((folder_ / "s").string()));
  }
  EXPECT_EQ(fault(at("s")), ConnectFault::refused);
}

TEST_F(StreamTest, AFileIsNotThisApi) {
  std::filesystem::create_directory(folder_ / "dir");
  std::fclose(std::fopen((folder_ / "file").c_str(), "w"));
  // Linux refuses a connection to a file that is no socket with the same error as one without a
  // listener.
  EXPECT_EQ(fault(at("file")), ConnectFault::not_this_api);
  EXPECT_EQ(fault(at("dir")), ConnectFault::not_this_api);
  EXPECT_EQ(fault(at("file/below")), ConnectFault::missing);
}

TEST_F(StreamTest, ASocketWithoutRightsIsDenied) {
  const Unix::acceptor listener(io_, Unix::endpoint((folder_ / "s").string()));
  ASSERT_EQ(::chmod((folder_ / "s").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  } else {
    ASSERT_EQ(::chmod((folder_ / "s").c_str(), 0), 0);
  }
  const auto stream = connect(at("s"));
  if (::getuid() == 0) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, ConnectFault::denied);
  EXPECT_EQ(stream.error().kind, ErrorKind::denied);
}

TEST_F(StreamTest, OneThatAcceptsAndSaysNothingIsMute) {
  const Unix::acceptor listener(io_, Unix::endpoint((folder_ / "s").string()));
  auto stream = connect(at("s"));
  ASSERT_TRUE(stream);
  std::string buffer(10, '\0');
  const auto size = test::run(io_, (*stream)->read_some(buffer, 20ms));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().fault, ConnectFault::mute);
}

TEST_F(StreamTest, CancellingAReadUnwinds) {
  const Unix::acceptor listener(io_, Unix::endpoint((folder_ / "s").string()));
  auto stream = connect(at("s"));
  ASSERT_TRUE(stream);
  std::string buffer(10, '\0');
  asio::cancellation_signal cancel;
  std::exception_ptr thrown;
  asio::co_spawn(io_, (*stream)->read_some(buffer, 60s),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& e, auto) { thrown = e; }));
  io_.restart();
  io_.poll();
  cancel.emit(asio::cancellation_type::terminal);
  io_.restart();
  io_.run();
  EXPECT_NE(thrown, nullptr);
}

TEST_F(StreamTest, OneWhoseBacklogIsFullIsMute) {
  Unix::acceptor listener(io_);
  listener.open();
  listener.bind(Unix::endpoint((folder_ / "s").string()));
  listener.listen(0);
  auto first = connect(at("s"));
  ASSERT_TRUE(first);
  // The kernel says EAGAIN, which Asio takes for success: the first write reports it.
  auto second = connect(at("s"));
  Result<void> written = fail({});
  if (second) written = test::run(io_, (*second)->write("x", 50ms));
  const RuntimeError error = second ? written.error() : second.error();
  EXPECT_EQ(error.fault, ConnectFault::mute) << error.describe();
}

TEST_F(StreamTest, ATcpPortThatNobodyListensOnIsRefused) {
  asio::ip::tcp::acceptor taken(io_, {asio::ip::address_v4::loopback(), 0});
  const auto port = taken.local_endpoint().port();
  taken.close();
  EXPECT_EQ(fault(*parse_endpoint("tcp://127.0.0.1:" + std::to_string(port), 0)),
            ConnectFault::refused);
}

TEST_F(StreamTest, TcpCarriesBytesBothWays) {
  asio::ip::tcp::acceptor listener(io_, {asio::ip::address_v4::loopback(), 0});
  const auto port = listener.local_endpoint().port();
  auto stream = connect(*parse_endpoint("tcp://127.0.0.1:" + std::to_string(port), 0));
  ASSERT_TRUE(stream);
  auto peer = listener.accept();
  ASSERT_TRUE(test::run(io_, (*stream)->write("ping", 1s)));
  std::string heard(4, '\0');
  asio::read(peer, asio::buffer(heard));
  EXPECT_EQ(heard, "ping");
  asio::write(peer, asio::buffer("pong", 4));
  EXPECT_EQ(*test::run(io_, (*stream)->read_some(heard, 1s)), 4U);
  peer.close();
  EXPECT_EQ(*test::run(io_, (*stream)->read_some(heard, 1s)), 0U);
}

/// Our end of a connection to a port of this host.
int socket_to(std::uint16_t port) {
  constexpr int most = 1024;
  for (int fd = 0; fd < most; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const bool connected = ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
    if (connected && peer.sin_family == AF_INET && peer.sin_port == htons(port)) return fd;
  }
  return -1;
}

int option_of(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(socket, level, name, &value, &size);
  return value;
}

TEST_F(StreamTest, TheKernelNoticesWhenTheOtherHostHasVanished) {
  asio::ip::tcp::acceptor listener(io_, {asio::ip::address_v4::loopback(), 0});
  const auto port = listener.local_endpoint().port();
  const auto stream = connect(*parse_endpoint("tcp://127.0.0.1:" + std::to_string(port), 0));
  ASSERT_TRUE(stream);
  const int socket = socket_to(port);
  ASSERT_GE(socket, 0);
  EXPECT_EQ(option_of(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
}

TEST_F(StreamTest, ASocketThatCannotBeWaitedForIsClosedAndNull) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  Unix::socket taken(io_, Unix(), pair[0]);  // epoll takes no descriptor twice.
  EXPECT_EQ(stream_of(io_.get_executor(), pair[0], at("s")), nullptr);
  EXPECT_EQ(::fcntl(pair[0], F_GETFD), -1);
  EXPECT_EQ(taken.release(), pair[0]);
  ::close(pair[1]);
}

TEST_F(StreamTest, ANameThatDoesNotResolveIsUnreachable) {
  EXPECT_EQ(fault(*parse_endpoint("tcp://no-such-host.invalid:1", 0)), ConnectFault::unreachable);
}

Task<void> as_task(asio::awaitable<void> wait) {
  co_await std::move(wait);
  co_return Result<void>();
}

TEST_F(StreamTest, AWaitForASocketEndsWhenItIsMadeAndNotForItsNeighbour) {
  bool made = false;
  asio::steady_timer first(io_, 2ms);
  first.async_wait([&](auto) { std::filesystem::create_directory(folder_ / "neighbour"); });
  asio::steady_timer second(io_, 20ms);
  second.async_wait([&](auto) {
    made = true;
    const Unix::acceptor acceptor(io_, Unix::endpoint((folder_ / "s").string()));
  });
  EXPECT_TRUE(test::run(io_, as_task(wait_for_change_of((folder_ / "s").string()))));
  EXPECT_TRUE(made);
}

TEST_F(StreamTest, AWaitForAFolderThatIsMissingEndsWhenItIsMade) {
  asio::steady_timer soon(io_, 5ms);
  soon.async_wait([&](auto) { std::filesystem::create_directory(folder_ / "run"); });
  EXPECT_TRUE(test::run(io_, as_task(wait_for_change_of((folder_ / "run/s").string()))));
}

}  // namespace
}  // namespace rollcall
