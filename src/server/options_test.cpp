#include "server/options.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rollcall::server {
namespace {

using testing::HasSubstr;

ServerOptions listening_on(std::string host) {
  ServerOptions options;
  options.tcp = {{.host = std::move(host), .port = 7655}};
  return options;
}

ServerOptions secured(ServerOptions options) {
  options.certificate = {.certificate = "/c.pem", .key = "/k.pem"};
  options.token = std::string(32, 'x');
  return options;
}

std::string error_of(const ServerOptions& options) {
  const auto checked = check(options);
  return checked ? "" : checked.error().describe();
}

TEST(ServerOptions, AreFineAsTheyStand) {
  EXPECT_EQ(error_of({}), "");
}

TEST(ServerOptions, StayOnThisHost) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
    EXPECT_EQ(error_of(listening_on(host)), "") << host;
  }
}

TEST(ServerOptions, AreSaidNoIfWiderWithoutTlsOrToken) {
  for (const char* host : {"0.0.0.0", "::", "192.168.1.1", "::ffff:10.0.0.1"}) {
    ServerOptions options = listening_on(host);
    EXPECT_THAT(error_of(options), HasSubstr("name a certificate")) << host;
    options.certificate = {.certificate = "/c.pem", .key = "/k.pem"};
    EXPECT_THAT(error_of(options), HasSubstr("name a file with a token")) << host;
    EXPECT_EQ(error_of(secured(options)), "") << host;
  }
  EXPECT_THAT(error_of(listening_on("::")), HasSubstr("[::]:7655"));
}

TEST(ServerOptions, WantAddresses) {
  EXPECT_THAT(error_of(listening_on("host.example")), HasSubstr("not an address"));
  ServerOptions nowhere;
  nowhere.tcp.clear();
  EXPECT_THAT(error_of(nowhere), HasSubstr("listens nowhere"));
}

TEST(ServerOptions, WantASocketThatCanBe) {
  ServerOptions options;
  options.sockets = {{.path = "relative.sock"}};
  EXPECT_THAT(error_of(options), HasSubstr("absolute"));
  options.sockets = {{.path = "/" + std::string(107, 'x')}};
  EXPECT_THAT(error_of(options), HasSubstr("107 bytes"));
  options.sockets = {{.path = "/run/x.sock", .mode = 01777}};
  EXPECT_THAT(error_of(options), HasSubstr("no mode"));
}

TEST(ServerOptions, WantATokenThatCannotBeGuessed) {
  ServerOptions options;
  options.token = "short";
  EXPECT_THAT(error_of(options), HasSubstr("can be guessed"));
  options.token = "with a blank in its midst";
  EXPECT_THAT(error_of(options), HasSubstr("no HTTP header can carry"));
}

TEST(ServerOptions, WantACertificateWithItsKey) {
  ServerOptions options;
  options.certificate.certificate = "/c.pem";
  EXPECT_THAT(error_of(options), HasSubstr("belong together"));
}

TEST(ServerOptions, WantLimitsThatLetSomebodyIn) {
  ServerOptions options;
  options.limits.connections = 0;
  EXPECT_THAT(error_of(options), HasSubstr("connections is 0"));
  options.limits = {};
  options.limits.write = {};
  EXPECT_THAT(error_of(options), HasSubstr("write is not above 0"));
}

/// A socket of the family; one of IPv4 is bound to `address`.
int passed(int family, std::uint32_t address, bool listens = true) {
  const int socket = ::socket(family, SOCK_STREAM, 0);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(address);
  if (family == AF_INET) {
    EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&v4), sizeof v4), 0);
  }
  if (listens) ::listen(socket, 1);
  return socket;
}

TEST(ServerOptions, LookAtWhatIsPassed) {
  ServerOptions options;
  options.tcp.clear();
  const std::array sockets = {passed(AF_INET, INADDR_LOOPBACK), passed(AF_INET, INADDR_ANY),
                              passed(AF_INET, INADDR_LOOPBACK, false)};
  options.passed = {sockets[0]};
  EXPECT_EQ(error_of(options), "");
  options.passed = {sockets[1]};
  EXPECT_THAT(error_of(options), HasSubstr("name a certificate"));
  EXPECT_EQ(error_of(secured(options)), "");
  options.passed = {sockets[2]};
  EXPECT_THAT(error_of(options), HasSubstr("no socket that listens"));
  options.passed = {1'000'000};
  EXPECT_THAT(error_of(options), HasSubstr("no socket that listens"));
  for (const int socket : sockets) ::close(socket);
}

}  // namespace
}  // namespace rollcall::server
