#include "cli/run.hpp"

#include <array>
#include <csignal>
#include <map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

using testing::HasSubstr;

/// A file in memory that stands in for a stream.
class Capture {
 public:
  Capture() : fd_(::memfd_create("capture", MFD_CLOEXEC)) {}
  ~Capture() { ::close(fd_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string text() const {
    std::string text(65536, '\0');
    const auto size = ::pread(fd_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  int fd_;
};

struct Ran {
  int code;
  std::string out;
  std::string err;
};

/// Runs where DOCKER_HOST names a socket that does not exist.
Ran run_alone(const std::vector<std::string>& words) {
  const Capture out;
  const Capture err;
  Console console(out.fd(), err.fd(), [](std::string_view name) -> std::optional<std::string> {
    if (name == "DOCKER_HOST") return "unix:///nowhere/docker.sock";
    return std::nullopt;
  });
  const int code = run(words, console);
  return {code, out.text(), err.text()};
}

TEST(Run, HelpGoesToStandardOutput) {
  const Ran ran = run_alone({});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("Usage: rollcall"));
  EXPECT_EQ(ran.err, "");
}

TEST(Run, MisuseGoesToStandardError) {
  const Ran ran = run_alone({"ls", "--frob"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "rollcall: unknown option '--frob' (see `rollcall ls --help`)\n");
}

TEST(Run, ListWithoutAnyEngineIsThatOfTheHost) {
  const Ran ran = run_alone({"ls"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("RUNTIME"));
  EXPECT_EQ(ran.err, "");
}

TEST(Run, ListOfANamedRuntimeThatIsAbsentSaysSo) {
  const Ran ran = run_alone({"ls", "--runtime", "docker"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("unix:///nowhere/docker.sock"));
}

TEST(Run, DoctorTellsEveryRuntime) {
  const Ran ran = run_alone({"doctor"});
  EXPECT_EQ(ran.code, 0) << "the host is always there";
  for (const char* word : {"DOCKER_HOST", "missing", "podman", "kubernetes", "file:///proc"}) {
    EXPECT_THAT(ran.out, HasSubstr(word));
  }
  EXPECT_THAT(run_alone({"doctor", "-o", "json"}).out, HasSubstr("\"result\": \"missing\""));
}

TEST(Run, DoctorClaimsNothingOfAnEngineElsewhereThatDoesNotAnswer) {
  boost::asio::io_context io;
  const boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = fmt::format("tcp://127.0.0.1:{}", silent.local_endpoint().port());
  const Ran ran = run_alone({"doctor", "docker", "--endpoint", url, "--timeout", "100ms"});
  EXPECT_THAT(ran.out, HasSubstr("no answer within 0.1 s"));
  EXPECT_THAT(ran.out, HasSubstr("check the host and the network"));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("it accepts connections")));
}

TEST(Run, AReaderThatHasSeenEnoughIsNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  ::close(pipe[0]);
  const Capture err;
  Console console(pipe[1], err.fd(), process_environment());
  EXPECT_EQ(run({"--help"}, console), 0);
  EXPECT_EQ(run({"watch", "--endpoint", "unix:///nowhere/docker.sock"}, console), 0);
  EXPECT_EQ(err.text().find("cannot write"), std::string::npos);
  ::close(pipe[1]);
}

TEST(Run, AFullDiskIsAnError) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  const Capture err;
  Console console(full, err.fd(), process_environment());
  EXPECT_EQ(run({"--help"}, console), 1);
  EXPECT_THAT(err.text(), HasSubstr("cannot write the output"));
  ::close(full);
}

}  // namespace
}  // namespace rollcall::cli
