// The client against small servers: what it sends, how it renews its credential, and how it handles
// refusals.
#include "backends/kubernetes/api_client.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/connect_proxy.hpp"
#include "support/gzip.hpp"
#include "support/http_server.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "support/tls_front.hpp"

namespace rollcall::kubernetes {
namespace {

using namespace std::chrono_literals;
using test::http_answer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string unauthorized =
    R"({"kind":"Status","message":"Unauthorized","reason":"Unauthorized","code":401})";

class ApiClientTest : public testing::Test {
 protected:
  ApiClient& client(Access access) {
    Wire wire{.connect = {}, .deadlines = Deadlines::for_endpoint(access.endpoint)};
    client_ = std::make_unique<ApiClient>(std::move(access), std::move(wire), system_env());
    return *client_;
  }
  Access here() { return access_at(server_.url()).value(); }
  Access over_tls(const std::string& url) {
    Access access = access_at(url).value();
    access.endpoint.tls.authority.text = authority_.certificate;
    return access;
  }
  ApiAnswer get(const std::string& target = "/api/v1/pods") {
    auto answer = test::run(io_, client_->get(target, client_->deadlines()));
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? std::move(*answer) : ApiAnswer{};
  }
  std::string body() {
    ApiAnswer answer = get();
    if (answer.fault) return "fault " + std::to_string(answer.fault->status);
    return test::run(io_, answer.response->read_all(1000)).value_or("broken");
  }
  std::string token_file(const std::string& token) {
    folder_.write("token", token);
    return (folder_.path() / "token").string();
  }
  /// Makes the server answer only requests with this token.
  void want_token(const std::string& token) {
    answer_ = [this, token](const std::string&) {
      const bool shown = server_.heads.back().contains("Authorization: Bearer " + token + "\r\n");
      return shown ? http_answer("pods") : http_answer(unauthorized, 401);
    };
  }

  boost::asio::io_context io_;
  support::TempFolder folder_;
  support::Identity authority_ = support::make_authority();
  std::function<std::string(const std::string&)> answer_ = [](const std::string&) {
    return http_answer("pods");
  };
  test::HttpServer server_{io_, [this](const std::string& target) { return answer_(target); }};
  std::unique_ptr<ApiClient> client_;
};

TEST_F(ApiClientTest, SaysWhoItIsAndAsksBelowThePathOfTheServer) {
  Access access = here();
  access.url_path = "/k8s/clusters/c-1";
  access.credentials = BearerToken{"t0"};
  access.impersonation = {{"Impersonate-User", "jane"}, {"Impersonate-Group", "dev"}};
  client(access);
  EXPECT_EQ(body(), "pods");
  EXPECT_THAT(
      server_.heads[0],
      AllOf(HasSubstr("GET /k8s/clusters/c-1/api/v1/pods HTTP/1.1\r\n"),
            HasSubstr("Authorization: Bearer t0\r\n"), HasSubstr("Accept: application/json\r\n"),
            HasSubstr("User-Agent: rollcall/"), HasSubstr("Impersonate-User: jane\r\n"),
            HasSubstr("Impersonate-Group: dev\r\n"), Not(HasSubstr("Accept-Encoding"))));
}

TEST_F(ApiClientTest, OverTheNetworkTheAnswerMayBeGzip) {
  answer_ = [](const std::string&) {
    return http_answer(support::gzipped("pods"), 200, "Content-Encoding: gzip\r\n");
  };
  const test::ConnectProxy proxy(io_);
  const test::TlsFront front(io_, server_.url().substr(7),
                             {.identity = support::issue(authority_)});
  Access access = over_tls(front.url());
  access.proxy = parse_proxy(proxy.url()).value();  // Makes it count as remote.
  client(access);
  EXPECT_EQ(body(), "pods");
  EXPECT_THAT(server_.heads[0], HasSubstr("Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(proxy.heads().size(), 1U);
}

TEST_F(ApiClientTest, ATokenThatIsRefusedIsReadAgainAndAskedOnceMore) {
  Access access = here();
  access.credentials = TokenFile{token_file("old")};
  client(access);
  want_token("old");
  EXPECT_EQ(body(), "pods");
  want_token("new");
  token_file("new");
  EXPECT_EQ(body(), "pods");
  EXPECT_EQ(server_.requests.size(), 3U) << "the second was asked twice";
}

TEST_F(ApiClientTest, ATokenThatIsStillTheSameIsNotShownAgain) {
  Access access = here();
  access.user = "the user u (token file)";
  access.credentials = TokenFile{token_file("old")};
  client(access);
  want_token("new");
  const ApiAnswer answer = get();
  ASSERT_TRUE(answer.fault);
  EXPECT_EQ(answer.fault->error.kind, ErrorKind::denied);
  EXPECT_EQ(answer.fault->error.fault, ConnectFault::auth);
  EXPECT_THAT(answer.fault->error.what, HasSubstr("does not accept the user u (token file)"));
  EXPECT_EQ(server_.requests.size(), 1U);
}

TEST_F(ApiClientTest, ACredentialThatCannotBeHadIsTheError) {
  Access access = here();
  access.credentials = TokenFile{"/nowhere/token"};
  client(access);
  const auto answer = test::run(io_, client_->get("/api/v1/pods", client_->deadlines()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ConnectFault::auth);
  EXPECT_TRUE(server_.requests.empty());
}

TEST_F(ApiClientTest, EveryOtherRefusalIsAFaultWithItsReaction) {
  client(here());
  answer_ = [](const std::string&) {
    return http_answer("Too many requests, please try again later.\n", 429,
                       "Content-Type: text/plain\r\nRetry-After: 4\r\n");
  };
  const ApiAnswer busy = get();
  ASSERT_TRUE(busy.fault);
  EXPECT_EQ(busy.fault->error.kind, ErrorKind::unavailable);
  EXPECT_EQ(busy.fault->error.retry_after, 4s);
  answer_ = [](const std::string&) { return http_answer("", 504); };
  EXPECT_EQ(get().fault->status, 504U);
  EXPECT_EQ(server_.requests.size(), 2U) << "none is asked again by itself";
}

TEST_F(ApiClientTest, ADocumentIsReadInFullOrItsFaultIsTheError) {
  client(here());
  EXPECT_EQ(test::run(io_, client_->get_document("/version", client_->deadlines())), "pods");
  answer_ = [](const std::string&) { return http_answer(unauthorized, 401); };
  const auto refused = test::run(io_, client_->get_document("/version", client_->deadlines()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, ConnectFault::auth);
  answer_ = [](const std::string&) { return http_answer(std::string(std::size_t{2} << 20U, ' ')); };
  EXPECT_FALSE(test::run(io_, client_->get_document("/version", client_->deadlines())));
}

TEST_F(ApiClientTest, SendsADocument) {
  client(here());
  answer_ = [](const std::string&) { return http_answer("made", 201); };
  const auto made = test::run(io_, client_->post_json("/x", R"({"a":1})", client_->deadlines()));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(*made, "made");
  EXPECT_THAT(server_.heads[0], HasSubstr("POST /x HTTP/1.1\r\n"));
  EXPECT_THAT(server_.bodies, ElementsAre(R"({"a":1})"));
}

TEST_F(ApiClientTest, APingIsAnsweredAlsoByARefusal) {
  client(here());
  EXPECT_TRUE(test::run(io_, client_->ping()));
  answer_ = [](const std::string&) { return http_answer("no", 403); };
  EXPECT_TRUE(test::run(io_, client_->ping()));
  answer_ = [](const std::string&) { return std::string("<close>"); };
  EXPECT_FALSE(test::run(io_, client_->ping()));
}

class Certificates : public ApiClientTest, public testing::WithParamInterface<bool> {};

TEST_P(Certificates, AClientCertificateOfEitherKindIsShown) {
  const test::TlsFront front(
      io_, server_.url().substr(7),
      {.identity = support::issue(authority_), .client_authority = authority_.certificate});
  const auto identity = support::issue(authority_, {.name = "admin", .rsa = GetParam()});
  Access access = over_tls(front.url());
  access.endpoint.tls.certificate.text = identity.certificate;
  access.endpoint.tls.key.text = identity.key;
  client(access);
  EXPECT_EQ(body(), "pods");
}

INSTANTIATE_TEST_SUITE_P(RsaAndEc, Certificates, testing::Bool());

TEST_F(ApiClientTest, APluginMayGiveTheCertificateAndAnotherOneWhenItIsRefused) {
  const test::TlsFront front(
      io_, server_.url().substr(7),
      {.identity = support::issue(authority_), .client_authority = authority_.certificate});
  const auto identity = support::issue(authority_, {.name = "admin"});
  const auto escaped = [](std::string pem) {
    for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2) {
      pem.replace(at, 1, "\\n");
    }
    return pem;
  };
  const std::string runs = (folder_.path() / "runs").string();
  folder_.write("credential",
                fmt::format(R"({{"kind":"ExecCredential","apiVersion":"v","status":)"
                            R"({{"clientCertificateData":"{}","clientKeyData":"{}"}}}})",
                            escaped(identity.certificate), escaped(identity.key)));
  folder_.write("plugin", fmt::format("#!/bin/sh\necho x >> {}\ncat {}\n", runs,
                                      (folder_.path() / "credential").string()));
  std::filesystem::permissions(folder_.path() / "plugin", std::filesystem::perms::owner_all);
  Access access = over_tls(front.url());
  access.credentials =
      ExecPlugin{.command = (folder_.path() / "plugin").string(), .api_version = "v"};
  client(access);
  EXPECT_EQ(body(), "pods");
  EXPECT_EQ(body(), "pods");
  EXPECT_EQ(std::filesystem::file_size(runs), 2U) << "it was run once";
  bool refused = false;
  answer_ = [&refused](const std::string&) {
    return std::exchange(refused, true) ? http_answer("again") : http_answer(unauthorized, 401);
  };
  EXPECT_EQ(body(), "again");
  EXPECT_EQ(std::filesystem::file_size(runs), 4U);
}

TEST_F(ApiClientTest, ACertificateOfOursThatHasExpiredIsNamedBecauseTheServerDoesNot) {
  const test::TlsFront front(io_, server_.url().substr(7),
                             {.identity = support::issue(authority_)});
  const auto identity =
      support::issue(authority_, {.name = "admin", .first_day = -9, .last_day = -2});
  Access access = over_tls(front.url());
  access.user = "the user admin (client certificate)";
  access.endpoint.tls.certificate.text = identity.certificate;
  access.endpoint.tls.key.text = identity.key;
  client(access);
  answer_ = [](const std::string&) { return http_answer(unauthorized, 401); };
  const ApiAnswer answer = get();
  ASSERT_TRUE(answer.fault);
  EXPECT_THAT(
      answer.fault->error.what,
      HasSubstr("the client certificate of the user admin (client certificate) has expired"));
  EXPECT_THAT(answer.fault->error.remedy, HasSubstr("renew it"));
}

TEST_F(ApiClientTest, ACertificateOfTheServerThatHasExpiredIsOfTls) {
  const test::TlsFront front(
      io_, server_.url().substr(7),
      {.identity = support::issue(authority_, {.first_day = -9, .last_day = -2})});
  client(over_tls(front.url()));
  const auto answer = test::run(io_, client_->get("/version", client_->deadlines()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(answer.error().fault, ConnectFault::tls);
  EXPECT_THAT(answer.error().what, HasSubstr("has expired"));
}

}  // namespace
}  // namespace rollcall::kubernetes
