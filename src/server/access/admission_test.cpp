#include "server/access/admission.hpp"

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
unsigned status_of(const Request& request, const ServerOptions& options = {}, Asked asked = {}) {
  const auto refused = refuse(request, {.address = "127.0.0.1"}, asked, options);
  return refused ? refused->status : 200;
}

ServerOptions with_token() {
  ServerOptions options;
  options.token = token;
  return options;
}

TEST(ServerAdmission, WithoutATokenAUserWhomTheSocketRefusesIsRefused) {
  const Request request = asking({{"host", "localhost"}});
  const Client stranger{.address = "127.0.0.1", .stranger = true};
  ServerOptions options;
  const auto refused = refuse(request, stranger, {}, options);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403U);
  EXPECT_THAT(*refused->body, HasSubstr("token_file"));
  EXPECT_FALSE(refuse(request, stranger, {.open = true}, options)) << "what is told to everybody";
  options.all_local_users = true;
  EXPECT_FALSE(refuse(request, stranger, {}, options));
  options.all_local_users = false;
  options.token = token;
  const Request knows =
      asking({{"host", "localhost"}, {"authorization", "Bearer 0123456789abcdef"}});
  EXPECT_FALSE(refuse(knows, stranger, {}, options)) << "the token decides";
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
  EXPECT_EQ(status_of(asking({{"host", "localhost"},
                              {"origin", "http://localhost"},
                              {"origin", "http://evil.example"}})),
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
      refuse(asking({{"host", "localhost"}}), {.address = "127.0.0.1"}, {}, with_token());
  ASSERT_TRUE(refused);
  EXPECT_THAT(*refused->body, HasSubstr("Authorization: Bearer"));
  EXPECT_THAT(refused->headers, testing::Contains(testing::Key("WWW-Authenticate")));
}

TEST(ServerAdmission, TellsToEverybodyWhatIsOpen) {
  EXPECT_EQ(status_of(asking({{"host", "localhost"}}), with_token(), {.open = true}), 200U);
  EXPECT_EQ(status_of(asking({{"host", "evil.example"}}), with_token(), {.open = true}), 421U);
}

TEST(ServerAdmission, LeavesASocketToItsMode) {
  const Client client{.door = Client::Door::unix_socket};
  EXPECT_FALSE(refuse(asking({{"host", "anything"}}), client, {}, with_token()));
  EXPECT_FALSE(refuse(asking({}), client, {}, with_token()));
}

TEST(ServerAdmission, KeepsAnAbstractSocketAsAnAddress) {
  const Client client{.door = Client::Door::abstract_socket};
  EXPECT_TRUE(refuse(asking({{"host", "localhost"}}), client, {}, with_token()));
  EXPECT_TRUE(refuse(asking({{"host", "evil.example"}}), client, {}, {}));
  EXPECT_FALSE(
      refuse(asking({{"host", "localhost"}, {"authorization", "Bearer " + std::string(token)}}),
             client, {}, with_token()));
}

/// A request with the headers by which a browser says where it comes from.
Request from_browser(std::string site, std::string mode = "no-cors", std::string dest = "image") {
  return asking({{"host", "localhost:7655"},
                 {"sec-fetch-site", std::move(site)},
                 {"sec-fetch-mode", std::move(mode)},
                 {"sec-fetch-dest", std::move(dest)}});
}

TEST(ServerAdmission, AnswersNoPageOfOthersThatHasNoOrigin) {
  for (const char* site : {"cross-site", "same-site", "something new", ""}) {
    EXPECT_EQ(status_of(from_browser(site)), 403U) << site;
    EXPECT_EQ(status_of(from_browser(site, "navigate", "document")), 403U) << site;
  }
  for (const char* site : {"same-origin", "none"}) {
    EXPECT_EQ(status_of(from_browser(site)), 200U) << site;
  }
  Request twice = from_browser("none");
  twice.headers.emplace_back("sec-fetch-site", "cross-site");
  EXPECT_EQ(status_of(twice), 403U);
}

TEST(ServerAdmission, LetsLinksOfOthersLeadToPagesForPeople) {
  const Asked page{.page = true};
  EXPECT_EQ(status_of(from_browser("cross-site", "navigate", "document"), {}, page), 200U);
  EXPECT_EQ(status_of(from_browser("cross-site", "navigate", "iframe"), {}, page), 403U);
  EXPECT_EQ(status_of(from_browser("cross-site", "no-cors", "document"), {}, page), 403U);
}

TEST(ServerAdmission, TrustsTheDoorOrTheToken) {
  const Request bearing =
      asking({{"host", "localhost"}, {"authorization", "Bearer " + std::string(token)}});
  const Request silent = asking({{"host", "localhost"}});
  const Client stranger{.address = "127.0.0.1"};
  const Client neighbour{.door = Client::Door::unix_socket};
  EXPECT_TRUE(is_trusted(bearing, stranger, with_token()));
  EXPECT_FALSE(is_trusted(silent, stranger, with_token()));
  EXPECT_FALSE(is_trusted(asking({{"authorization", "Bearer "}}), stranger, {}));
  EXPECT_FALSE(is_trusted(bearing, stranger, {})) << "where none is wanted, none is right";
  EXPECT_TRUE(is_trusted(silent, neighbour, with_token()));
}

TEST(ServerAdmission, ComparesSecretsWhole) {
  EXPECT_TRUE(same_secret(token, token));
  EXPECT_FALSE(same_secret(token, "0123456789abcdeX"));
  EXPECT_FALSE(same_secret(token, token.substr(1)));
  EXPECT_FALSE(same_secret("", token));
}

}  // namespace
}  // namespace rollcall::server
