// The server on real sockets: access, limits, and what remains after the end.
#include "server/server.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/async/signal.hpp"
#include "server/http/problem.hpp"
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "transport/http/client.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test, public Responder {
 protected:
  ServerTest() { options_.tcp = {{.host = "127.0.0.1", .port = 0}}; }
  ~ServerTest() override {
    if (server_) stop();
  }

  [[nodiscard]] Verdict judge(const Request& request, const Client& client) override {
    if (at_judging_) at_judging_();
    return {.refusal = refuse(request, client, {}, options_),
            .trusted = is_trusted(request, client, options_),
            .keeps_place = keeps_place_};
  }
  [[nodiscard]] Reply answer(const Request& request, const Client& client) override {
    if (at_answering_) at_answering_();
    if (request.target == "/large") return text_reply("text/plain", std::string(large, 'x'));
    if (request.target == "/live") return {.type = "text/plain", .live = live_};
    return text_reply("text/plain", client.door == Client::Door::tcp ? client.address : "socket");
  }

  Result<void> start() {
    server_ = std::make_unique<Server>(io_.get_executor(), options_, *this, stats_,
                                       [this](LogLevel, std::string_view message) {
                                         log_ += std::string(message) + "\n";
                                         if (at_logging_) at_logging_();
                                       });
    return server_->listen();
  }

  Task<void> stopped() {
    co_await server_->stop();
    co_return Result<void>();
  }
  void stop() {
    EXPECT_TRUE(test::run(io_, stopped()));
    server_.reset();
  }

  [[nodiscard]] std::string socket_path() const { return folder_.path() / "roll.sock"; }

  static Task<std::string> ask(Endpoint endpoint) {
    HttpClient client(endpoint);
    auto getting = client.get("/", HttpDeadlines{});
    auto response = co_await std::move(getting);
    if (!response) co_return fail(std::move(response.error()));
    co_return co_await (*response)->read_all(10'000);
  }

  /// The answer at the URL, or the error.
  std::string answer_at(const std::string& url, TlsOptions tls = {}) {
    auto endpoint = *parse_endpoint(url, 7655);
    endpoint.tls = std::move(tls);
    const auto answer = test::run(io_, ask(endpoint));
    return answer ? *answer : answer.error().describe();
  }

  static constexpr std::size_t large = std::size_t{32} << 20U;  // more than the kernel takes

  boost::asio::io_context io_;
  std::function<void()> at_judging_;  // what these throw, judge() and answer() throw
  std::function<void()> at_answering_;
  std::function<void()> at_logging_;
  bool keeps_place_ = true;
  support::TempFolder folder_;
  ServerOptions options_;
  Stats stats_;
  std::string log_;
  std::shared_ptr<LiveBody> live_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ListensOnTcp) {
  ASSERT_TRUE(start());
  ASSERT_THAT(server_->urls(), ElementsAre(StartsWith("http://127.0.0.1:")));
  EXPECT_EQ(answer_at(server_->urls().front()), "127.0.0.1");
  EXPECT_THAT(log_, HasSubstr("listening on http://127.0.0.1:"));
}

TEST_F(ServerTest, ListensOnASocketOfItsMode) {
  options_.tcp.clear();
  options_.token = std::string(32, 'x');
  options_.sockets = {{.path = socket_path(), .mode = 0620}};
  ASSERT_TRUE(start());
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket") << "the token is for TCP";
  struct stat status{};
  ASSERT_EQ(::stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0620U);
  stop();
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

/// A socket that listens at the path. Closing it leaves its file behind.
int make_socket(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket, 1), 0);
  return socket;
}

TEST_F(ServerTest, ReplacesASocketOfADeadOne) {
  options_.tcp.clear();
  options_.sockets = {{.path = socket_path()}};
  ::close(make_socket(socket_path()));
  ASSERT_TRUE(std::filesystem::exists(socket_path()));
  ASSERT_TRUE(start());
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket");
}

TEST_F(ServerTest, LeavesALivingSocketAlone) {
  options_.sockets = {{.path = socket_path()}};
  const int socket = make_socket(socket_path());
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().describe(), HasSubstr("another program listens there"));
  EXPECT_EQ(started.error().kind, ErrorKind::invalid_config);
  EXPECT_TRUE(std::filesystem::exists(socket_path()));
  EXPECT_TRUE(server_->urls().empty()) << "nothing is half open";
  ::close(socket);
}

TEST_F(ServerTest, LeavesOtherFilesAlone) {
  options_.sockets = {{.path = socket_path()}};
  std::ofstream(socket_path()) << "precious";
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().describe(), HasSubstr("no socket"));
  EXPECT_EQ(std::filesystem::file_size(socket_path()), 8U);
}

TEST_F(ServerTest, LeavesTheSocketOfItsSuccessor) {
  options_.tcp.clear();
  options_.sockets = {{.path = socket_path()}};
  ASSERT_TRUE(start());
  std::filesystem::remove(socket_path());
  const int successor = make_socket(socket_path());
  stop();
  EXPECT_TRUE(std::filesystem::exists(socket_path()));
  ::close(successor);
}

TEST_F(ServerTest, TakesDescriptorsThatListenAlready) {
  options_.tcp.clear();
  options_.passed = {make_socket(socket_path())};
  ASSERT_TRUE(start());
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket");
  EXPECT_THAT(server_->urls(), ElementsAre("unix://" + socket_path()));
  stop();
  EXPECT_TRUE(std::filesystem::exists(socket_path())) << "it is the service manager's";
}

TEST_F(ServerTest, SaysWhereItCannotListen) {
  ASSERT_TRUE(start());
  ServerOptions taken;
  const std::string url = server_->urls().front();
  taken.tcp = {{.host = "127.0.0.1",
                .port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))}};
  Stats stats;
  Server second(io_.get_executor(), taken, *this, stats, {});
  const auto listening = second.listen();
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().describe(), HasSubstr("another program listens there"));
}

TEST_F(ServerTest, OpensAndClosesDoorsWhileItRuns) {
  ASSERT_TRUE(start());
  const std::string first = server_->urls().front();
  options_.sockets = {{.path = socket_path()}};
  ASSERT_TRUE(server_->listen());
  EXPECT_EQ(answer_at(first), "127.0.0.1");
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket");
  options_.tcp.clear();
  ASSERT_TRUE(server_->listen());
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket");
  EXPECT_THAT(answer_at(first), HasSubstr("refused"));
  options_.sockets = {{.path = "relative"}};
  EXPECT_FALSE(server_->listen());
  options_.sockets = {{.path = socket_path()}};
  EXPECT_EQ(answer_at("unix://" + socket_path()), "socket") << "it stays as it was";
}

/// Says nothing until it is closed.
class Silence final : public LiveBody {
 public:
  explicit Silence(const boost::asio::any_io_executor& executor) : closed_(executor) {}

  [[nodiscard]] boost::asio::awaitable<SharedText> next() override {
    waits = true;
    co_await closed_.wait();
    co_return nullptr;
  }
  void close() override { closed_.notify(); }

  bool waits = false;

 private:
  Signal closed_;
};

TEST_F(ServerTest, TurnsAwayWhoIsTooMuch) {
  options_.limits.connections = 1;
  const auto silence = std::make_shared<Silence>(io_.get_executor());
  live_ = silence;
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  auto first = test::run(io_, connect_stream(*parse_endpoint(url, 0), 1000ms));
  ASSERT_TRUE(first);
  constexpr std::string_view asking = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(test::run(io_, (*first)->write(asking, 1000ms)));
  while (!silence->waits) io_.run_one();
  EXPECT_THAT(answer_at(url), HasSubstr("too many connections"));
  EXPECT_EQ(stats_.refused_connections, 1U);
  first->reset();
  while (stats_.connections > 0) io_.run_one();
  EXPECT_EQ(answer_at(url), "127.0.0.1");
}

TEST_F(ServerTest, LetsWhoWaitsGoForANewcomer) {
  options_.limits.connections = 1;
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  auto first = test::run(io_, connect_stream(*parse_endpoint(url, 0), 1000ms));
  ASSERT_TRUE(first);
  while (stats_.connections == 0) io_.run_one();
  EXPECT_EQ(answer_at(url), "127.0.0.1");
  std::string buffer(100, '\0');
  const auto size = test::run(io_, (*first)->read_some(buffer, 2000ms));
  EXPECT_TRUE(!size || *size == 0) << "it was closed";
}

/// A client that asks for a long answer and does not read it while another client comes.
class ServerSlowReader : public ServerTest {
 protected:
  void begin() {
    options_.limits.connections = 1;
    options_.limits.drain = 100ms;
    ASSERT_TRUE(start());
    url_ = server_->urls().front();
    slow_ = *test::run(io_, connect_stream(*parse_endpoint(url_, 0), 1000ms));
    constexpr std::string_view asking = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    ASSERT_TRUE(test::run(io_, slow_->write(asking, 1000ms)));
    while (stats_.in_flight == 0) io_.run_one();
  }

  std::string url_;
  StreamPtr slow_;
};

TEST_F(ServerSlowReader, KeepsItsPlaceWhileItIsAnswered) {
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_THAT(answer_at(url_), HasSubstr("too many connections"));
}

TEST_F(ServerSlowReader, WhoWasLetInWithoutTheTokenGivesItsPlaceToANewcomer) {
  keeps_place_ = false;
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(answer_at(url_), "127.0.0.1");
}

TEST_F(ServerTest, AnAnswerThatThrowsIsAnError) {
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  at_answering_ = [] { throw std::runtime_error("out of order"); };
  EXPECT_THAT(answer_at(url), HasSubstr("out of order"));
  at_answering_ = [] { throw 42; };  // NOLINT(hicpp-exception-baseclass): anything can be thrown
  EXPECT_THAT(answer_at(url), HasSubstr("no exception"));
  at_answering_ = {};
  EXPECT_EQ(answer_at(url), "127.0.0.1");
}

TEST_F(ServerTest, AJudgementThatThrowsEndsItsConnectionAlone) {
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  at_judging_ = [] { throw std::bad_alloc(); };
  EXPECT_THAT(answer_at(url), HasSubstr("closed the connection"));
  EXPECT_THAT(log_, HasSubstr("a connection was given up: std::bad_alloc"));
  at_judging_ = [] { throw 42; };  // NOLINT(hicpp-exception-baseclass): anything can be thrown
  EXPECT_THAT(answer_at(url), HasSubstr("closed the connection"));
  EXPECT_THAT(log_, HasSubstr("a connection was given up: what was thrown is no exception"));
  at_judging_ = {};
  EXPECT_EQ(answer_at(url), "127.0.0.1");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (stats_.connections > 0 && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(10ms);
  }
  EXPECT_EQ(stats_.connections, 0U);
}

/// A TCP socket that can be made to refuse accept(), and to listen again at the same port.
class Door {
 public:
  Door() {
    const int again = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open();
    socklen_t size = sizeof address_;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Door() { ::close(socket_); }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  [[nodiscard]] int copy() const { return ::dup(socket_); }
  void shut() const { EXPECT_EQ(::shutdown(socket_, SHUT_RD), 0); }
  void open() const {
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address_{};
};

TEST_F(ServerTest, ALineThatCannotBeWrittenShutsNoDoor) {
  const Door door;
  options_.tcp.clear();
  options_.passed = {door.copy()};
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  at_logging_ = [] { throw std::runtime_error("the disk is full"); };
  at_judging_ = [] { throw std::bad_alloc(); };
  EXPECT_THAT(answer_at(url), HasSubstr("closed the connection"));
  at_judging_ = {};
  // Without descriptors for clients accept() fails, too, but then the sanitizer has none either.
  door.shut();
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!log_.contains("could not be let in") && std::chrono::steady_clock::now() < deadline) {
    io_.run_one_for(10ms);
  }
  EXPECT_THAT(log_, HasSubstr("could not be let in"));
  door.open();
  EXPECT_EQ(answer_at(url), "127.0.0.1");
}

TEST_F(ServerTest, AsksAnAbstractSocketForTheToken) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  constexpr sa_family_t family = AF_UNIX;  // without a name: the kernel assigns one
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&family), sizeof family), 0);
  ASSERT_EQ(::listen(socket, 1), 0);
  options_.tcp.clear();
  options_.passed = {socket};
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().describe(), HasSubstr("name a file with a token"));
  options_.token = std::string(32, 'x');
  ASSERT_TRUE(server_->listen());
  EXPECT_THAT(server_->urls(), ElementsAre(StartsWith("unix://@")));
}

TEST_F(ServerTest, LeavesAClientThatSaysNothing) {
  options_.limits.idle = 20ms;
  ASSERT_TRUE(start());
  auto silent = test::run(io_, connect_stream(*parse_endpoint(server_->urls().front(), 0), 1000ms));
  ASSERT_TRUE(silent);
  std::string buffer(100, '\0');
  const auto size = test::run(io_, (*silent)->read_some(buffer, 2000ms));
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 0U);
}

TEST_F(ServerTest, LetsConnectionsGoWhenItStops) {
  ASSERT_TRUE(start());
  auto idle = test::run(io_, connect_stream(*parse_endpoint(server_->urls().front(), 0), 1000ms));
  ASSERT_TRUE(idle);
  while (stats_.connections == 0) io_.run_one();
  stop();
  EXPECT_EQ(stats_.connections, 0U);
  std::string buffer(100, '\0');
  const auto size = test::run(io_, (*idle)->read_some(buffer, 2000ms));
  EXPECT_TRUE(!size || *size == 0);
}

class ServerTlsTest : public ServerTest {
 protected:
  ServerTlsTest() {
    options_.certificate = {.certificate = folder_.path() / "cert.pem",
                            .key = folder_.path() / "key.pem"};
    write(support::issue(authority_));
  }

  void write(const support::Identity& identity) const {
    // Replaces the old file by a new one, as tools that renew certificates do.
    for (const auto& [name, text] :
         {std::pair("cert.pem", identity.certificate), std::pair("key.pem", identity.key)}) {
      std::ofstream(folder_.path() / "new") << text;
      std::filesystem::permissions(folder_.path() / "new", std::filesystem::perms(0600));
      std::filesystem::rename(folder_.path() / "new", folder_.path() / name);
    }
  }

  static TlsOptions trusting(const support::Identity& authority) {
    TlsOptions options;
    options.authority.text = authority.certificate;
    return options;
  }

  support::Identity authority_ = support::make_authority();
};

TEST_F(ServerTlsTest, SpeaksTls) {
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  EXPECT_THAT(url, StartsWith("https://"));
  EXPECT_EQ(answer_at(url, trusting(authority_)), "127.0.0.1");
}

TEST_F(ServerTlsTest, AnswersNobodyInTheClear) {
  ASSERT_TRUE(start());
  std::string url = server_->urls().front();
  url.replace(0, 5, "http");
  EXPECT_THAT(answer_at(url), testing::Not(HasSubstr("127.0.0.1\n")));
  EXPECT_NE(answer_at(url), "127.0.0.1");
}

TEST_F(ServerTlsTest, TakesANewCertificateAtOnce) {
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  EXPECT_EQ(answer_at(url, trusting(authority_)), "127.0.0.1");
  const support::Identity other = support::make_authority("Other CA");
  write(support::issue(other));
  EXPECT_EQ(answer_at(url, trusting(other)), "127.0.0.1");
  EXPECT_NE(answer_at(url, trusting(authority_)), "127.0.0.1");
  EXPECT_THAT(log_, HasSubstr("the certificate was read again"));
}

TEST_F(ServerTlsTest, KeepsItsCertificateWhileTheNewOneIsOfNoUse) {
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  std::ofstream(folder_.path() / "cert.pem") << "half of a certifi";
  EXPECT_EQ(answer_at(url, trusting(authority_)), "127.0.0.1");
  EXPECT_EQ(answer_at(url, trusting(authority_)), "127.0.0.1");
  const std::size_t first = log_.find("cannot be used");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log_.find("cannot be used", first + 1), std::string::npos) << "it is said once";
  write(support::issue(authority_));
  EXPECT_EQ(answer_at(url, trusting(authority_)), "127.0.0.1");
}

TEST_F(ServerTlsTest, DoesNotStartWithoutItsFiles) {
  std::filesystem::remove(folder_.path() / "key.pem");
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().describe(), HasSubstr("the key of the server is missing"));
}

TEST_F(ServerTlsTest, LeavesWhoDoesNotShakeHands) {
  options_.limits.request = 20ms;
  ASSERT_TRUE(start());
  std::string url = server_->urls().front();
  url.replace(0, 5, "http");
  auto silent = test::run(io_, connect_stream(*parse_endpoint(url, 0), 1000ms));
  ASSERT_TRUE(silent);
  std::string buffer(100, '\0');
  const auto size = test::run(io_, (*silent)->read_some(buffer, 2000ms));
  EXPECT_TRUE(!size || *size == 0);
}

}  // namespace
}  // namespace rollcall::server
