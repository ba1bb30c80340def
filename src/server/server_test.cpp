// The server on real sockets: who is let in, how many, and what is left behind.
#include "server/server.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
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

#include "server/problem.hpp"
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "transport/http_client.hpp"

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

  [[nodiscard]] Reply answer(const Request& request, const Client& client) override {
    if (auto refused = refuse(request, client, false, options_)) return std::move(*refused);
    return text_reply("text/plain", client.door == Client::Door::tcp ? client.address : "socket");
  }

  Result<void> start() {
    server_ = std::make_unique<Server>(
        io_.get_executor(), options_, *this, stats_,
        [this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
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

  /// What is answered there, or the error.
  std::string answer_at(const std::string& url, TlsOptions tls = {}) {
    auto endpoint = *parse_endpoint(url, 7655);
    endpoint.tls = std::move(tls);
    const auto answer = test::run(io_, ask(endpoint));
    return answer ? *answer : answer.error().describe();
  }

  boost::asio::io_context io_;
  support::TempFolder folder_;
  ServerOptions options_;
  Stats stats_;
  std::string log_;
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

/// A socket at the path that listens, or is left over from one that did.
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

TEST_F(ServerTest, TurnsAwayWhoIsTooMuch) {
  options_.limits.connections = 1;
  ASSERT_TRUE(start());
  const std::string url = server_->urls().front();
  auto first = test::run(io_, connect_stream(*parse_endpoint(url, 0), 1000ms));
  ASSERT_TRUE(first);
  while (stats_.connections == 0) io_.run_one();
  EXPECT_THAT(answer_at(url), HasSubstr("too many connections"));
  EXPECT_EQ(stats_.refused_connections, 1U);
  first->reset();
  while (stats_.connections > 0) io_.run_one();
  EXPECT_EQ(answer_at(url), "127.0.0.1");
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
    // As tools that renew certificates do: a new file in the place of the old one.
    for (const auto& [name, text] :
         {std::pair("cert.pem", identity.certificate), std::pair("key.pem", identity.key)}) {
      std::ofstream(folder_.path() / "new") << text;
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
