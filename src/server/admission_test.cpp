#include "server/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::server {
namespace {

using testing::HasSubstr;

constexpr std::string_view token = "0123456789abcdef";

Request asking(std::vector<std::pair<std::string, std::string>> headers, unsigned version = 11) {
  return {.method = "GET", .target = "/", .version = version, .headers = std::move(headers)};
}

/// The status of the refusal; 200 if there is none.
unsigned status_of(const Request& request, const ServerOptions& options = {}, bool open = false) {
  const auto refused = refuse(request, {.address = "127.0.0.1"}, open, options);
  return refused ? refused->status : 200;
}

ServerOptions with_token() {
  ServerOptions options;
  options.token = token;
  return options;
}

TEST(ServerAdmission, LetsInWhoAsksForThisHost) {
  for (const char* host : {"localhost", "LocalHost:7655", "127.0.0.1", "127.0.0.1:7655",
                           "[::1]:7655", "192.168.1.7:80", "localhost."}) {
    EXPECT_EQ(status_of(asking({{"host", host}})), 200U) << host;
  }
}

TEST(ServerAdmission, RefusesNamesThatAreNotItsOwn) {
  for (const char* host : {"evil.example", "evil.example:7655", "127.0.0.1.evil.example",
                           "localhost.evil.example", "", "[::1", "a:b", "127.0.0.1:x"}) {
    EXPECT_EQ(status_of(asking({{"host", host}})), 421U) << host;
  }
}

TEST(ServerAdmission, KnowsTheNamesThatItWasGiven) {
  ServerOptions options;
  options.hosts = {"roll.example"};
  EXPECT_EQ(status_of(asking({{"host", "ROLL.example:7655"}}), options), 200U);
  EXPECT_EQ(status_of(asking({{"host", "other.example"}}), options), 421U);
}

TEST(ServerAdmission, WantsOneHost) {
  EXPECT_EQ(status_of(asking({})), 400U);
  EXPECT_EQ(status_of(asking({{"host", "localhost"}, {"host", "evil.example"}})), 400U);
  EXPECT_EQ(status_of(asking({}, 10)), 200U) << "HTTP/1.0 has none, and browsers do not speak it";
}

TEST(ServerAdmission, AnswersNoPageOfOthers) {
  EXPECT_EQ(status_of(asking({{"host", "localhost:7655"}, {"origin", "http://evil.example"}})),
            403U);
  EXPECT_EQ(status_of(asking({{"host", "localhost:7655"}, {"origin", "null"}})), 403U);
  EXPECT_EQ(status_of(asking({{"host", "localhost:7655"}, {"origin", "http://localhost:7655"}})),
            200U);
  EXPECT_EQ(status_of(asking({{"host", "localhost:7655"}, {"origin", "http://localhost:1"}})),
            403U);
}

TEST(ServerAdmission, WantsTheToken) {
  const ServerOptions options = with_token();
  const auto bearing = [](std::string said) {
    return asking({{"host", "localhost"}, {"authorization", std::move(said)}});
  };
  EXPECT_EQ(status_of(bearing("Bearer 0123456789abcdef"), options), 200U);
  EXPECT_EQ(status_of(bearing("bearer  0123456789abcdef"), options), 200U);
  EXPECT_EQ(status_of(asking({{"host", "localhost"}}), options), 401U);
  for (const char* wrong : {"Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
                            "Basic 0123456789abcdef", "0123456789abcdef", "Bearer"}) {
    EXPECT_EQ(status_of(bearing(wrong), options), 401U) << wrong;
  }
  EXPECT_EQ(status_of(asking({{"host", "localhost"},
                              {"authorization", "Bearer 0123456789abcdef"},
                              {"authorization", "Bearer other"}}),
                      options),
            401U);
}

TEST(ServerAdmission, SaysHowToShowTheToken) {
  const auto refused =
      refuse(asking({{"host", "localhost"}}), {.address = "127.0.0.1"}, false, with_token());
  ASSERT_TRUE(refused);
  EXPECT_THAT(*refused->body, HasSubstr("Authorization: Bearer"));
  EXPECT_THAT(refused->headers, testing::Contains(testing::Key("WWW-Authenticate")));
}

TEST(ServerAdmission, TellsToEverybodyWhatIsOpen) {
  EXPECT_EQ(status_of(asking({{"host", "localhost"}}), with_token(), true), 200U);
  EXPECT_EQ(status_of(asking({{"host", "evil.example"}}), with_token(), true), 421U);
}

TEST(ServerAdmission, LeavesASocketToItsMode) {
  const Client client{.door = Client::Door::unix_socket};
  EXPECT_FALSE(refuse(asking({{"host", "anything"}}), client, false, with_token()));
  EXPECT_FALSE(refuse(asking({}), client, false, with_token()));
}

TEST(ServerAdmission, ComparesSecretsWhole) {
  EXPECT_TRUE(same_secret(token, token));
  EXPECT_FALSE(same_secret(token, "0123456789abcdeX"));
  EXPECT_FALSE(same_secret(token, token.substr(1)));
  EXPECT_FALSE(same_secret("", token));
}

}  // namespace
}  // namespace rollcall::server
