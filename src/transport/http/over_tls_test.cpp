// TLS against an independent server: what works, and each way in which it can fail.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/certificates.hpp"
#include "support/http_server.hpp"
#include "support/memory_stream.hpp"
#include "support/run.hpp"
#include "support/temp_folder.hpp"
#include "support/tls_front.hpp"
#include "transport/http/client.hpp"
#include "transport/tls/secure_stream.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using support::Identity;
using test::TlsFront;
using test::TlsFrontOptions;
using testing::AllOf;
using testing::HasSubstr;

constexpr HttpDeadlines deadlines{.connect = 5s, .head = 5s, .progress = 5s};

class TlsTest : public testing::Test {
 protected:
  TlsFront& serve(TlsFrontOptions options) {
    front_ = std::make_unique<TlsFront>(io_, server_.url().substr(7), std::move(options));
    return *front_;
  }
  TlsFront& serve_well() { return serve({.identity = support::issue(authority_)}); }

  Endpoint endpoint(TlsOptions options, const std::string& host = "127.0.0.1") {
    Endpoint endpoint = *parse_endpoint(fmt::format("https://{}:{}", host, front_->port()), 0);
    endpoint.tls = std::move(options);
    return endpoint;
  }
  TlsOptions trusting() { return {.authority = {.text = authority_.certificate}}; }
  TlsOptions showing(const Identity& identity) {
    TlsOptions options = trusting();
    options.certificate.text = identity.certificate;
    options.key.text = identity.key;
    return options;
  }

  /// The body of the answer.
  Result<std::string> get(const Endpoint& endpoint) {
    HttpClient client(endpoint);
    auto response = test::run(io_, client.get("/x", deadlines));
    if (!response) return fail(std::move(response.error()));
    return test::run(io_, (*response)->read_all(1000));
  }
  void expect_error(const Endpoint& endpoint, ConnectFault fault, std::string_view what,
                    std::string_view remedy = "") {
    const auto body = get(endpoint);
    ASSERT_FALSE(body.has_value());
    EXPECT_EQ(body.error().fault, fault) << body.error();
    EXPECT_EQ(body.error().kind,
              fault == ConnectFault::auth ? ErrorKind::denied : ErrorKind::unavailable)
        << body.error();
    EXPECT_EQ(body.error().endpoint, endpoint.url());
    EXPECT_THAT(body.error().what, HasSubstr(what));
    EXPECT_THAT(body.error().remedy, AllOf(testing::Not(testing::IsEmpty()), HasSubstr(remedy)));
  }

  asio::io_context io_;
  test::HttpServer server_{io_, [](const std::string&) { return test::http_answer("hello"); }};
  std::unique_ptr<TlsFront> front_;
  Identity authority_ = support::make_authority();
  support::TempFolder folder_;
};

TEST_F(TlsTest, CarriesRequestsAndAnswersInBothVersions) {
  for (const bool only_1_2 : {false, true}) {
    serve({.identity = support::issue(authority_), .only_1_2 = only_1_2});
    EXPECT_EQ(get(endpoint(trusting())).value_or("error"), "hello");
    EXPECT_EQ(get(endpoint(trusting(), "localhost")).value_or("error"), "hello");
  }
}

TEST_F(TlsTest, CarriesMoreThanOneRecordAndAnEnd) {
  const std::string long_body(300'000, 'x');
  test::HttpServer server(
      io_, [&](const std::string&) { return "HTTP/1.1 200 OK\r\n\r\n" + long_body + "<close>"; });
  TlsFront front(io_, server.url().substr(7), {.identity = support::issue(authority_)});
  Endpoint endpoint = *parse_endpoint(front.url(), 0);
  endpoint.tls = trusting();
  HttpClient client(endpoint);
  auto response = test::run(io_, client.get("/x", deadlines));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(test::run(io_, (*response)->read_all(1'000'000)).value_or("error"), long_body);
}

TEST_F(TlsTest, ClientCertificatesOfRsaAndOfEcAreShown) {
  for (const bool rsa : {false, true}) {
    for (const bool only_1_2 : {false, true}) {
      serve({.identity = support::issue(authority_, {.rsa = rsa}),
             .client_authority = authority_.certificate,
             .only_1_2 = only_1_2});
      const Identity client = support::issue(authority_, {.name = "client", .rsa = rsa});
      EXPECT_EQ(get(endpoint(showing(client))).value_or("error"), "hello");
    }
  }
}

TEST_F(TlsTest, AnAuthorityThatIsNotTrustedIsSaidWithBothNames) {
  const Identity other = support::make_authority("Other CA");
  serve({.identity = support::issue(other)});
  expect_error(endpoint(trusting()), ConnectFault::tls,
               "is signed by CN=Other CA, which is not trusted by the given authority");
  folder_.write("ca.pem", authority_.certificate);
  const std::string file = folder_.path() / "ca.pem";
  expect_error(endpoint({.authority = {.file = file}}), ConnectFault::tls, "by " + file,
               "authority that has signed");
  expect_error(endpoint({}), ConnectFault::tls, "not trusted by the authorities of this system");
}

TEST_F(TlsTest, OneThatIsSignedByItselfIsSaidAndMayBeTrustedAsItIs) {
  const Identity alone = support::self_signed();
  serve({.identity = alone});
  expect_error(endpoint(trusting()), ConnectFault::tls, "is signed by itself");
  EXPECT_EQ(get(endpoint({.authority = {.text = alone.certificate}})).value_or("error"), "hello");
}

TEST_F(TlsTest, AnExpiredOneIsSaidWithItsDate) {
  serve({.identity = support::issue(authority_, {.first_day = -20, .last_day = -10})});
  expect_error(endpoint(trusting()), ConnectFault::tls,
               "the engine's certificate has expired at 20", "renew it");
}

TEST_F(TlsTest, OneThatIsNotValidYetIsSaidWithItsDate) {
  serve({.identity = support::issue(authority_, {.first_day = 10, .last_day = 20})});
  expect_error(endpoint(trusting()), ConnectFault::tls, "is not valid before 20", "clocks");
}

TEST_F(TlsTest, AnotherNameIsSaidWithThoseThatItHas) {
  serve({.identity = support::issue(authority_, {.hosts = {"engine.example", "10.1.2.3", "::1"}})});
  expect_error(endpoint(trusting()), ConnectFault::tls,
               "is for engine.example, 10.1.2.3, ::1, not for 127.0.0.1", "a name");
  expect_error(endpoint(trusting(), "localhost"), ConnectFault::tls, "not for localhost");
  TlsOptions renamed = trusting();
  renamed.server_name = "engine.example";
  EXPECT_EQ(get(endpoint(renamed)).value_or("error"), "hello");
}

TEST_F(TlsTest, ANameThatCannotBeVerifiedIsRefused) {
  serve({.identity = support::issue(authority_, {.hosts = {"localhost", "fe80::1"}})});
  TlsOptions options = trusting();
  options.server_name = std::string("localhost\0.example", 18);
  const auto body = get(endpoint(options));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::invalid_config);
  options.server_name = "fe80::1%lo";  // A zone is not part of the certificate.
  EXPECT_EQ(get(endpoint(options)).value_or("error"), "hello");
  options.server_name = "fe80::2%lo";
  EXPECT_FALSE(get(endpoint(options)));
}

TEST_F(TlsTest, ACommonNameIsNoHostName) {
  serve({.identity = support::issue(authority_, {.name = "localhost", .hosts = {}})});
  expect_error(endpoint(trusting(), "localhost"), ConnectFault::tls, "has no name");
}

TEST_F(TlsTest, AnAnswerWithoutVerificationIsBelieved) {
  serve({.identity = support::self_signed({.hosts = {"other"}, .last_day = -1})});
  EXPECT_EQ(get(endpoint({.verify = false})).value_or("error"), "hello");
}

TEST_F(TlsTest, APinnedCertificateIsTheOnlyOneThatIsAccepted) {
  const Identity pinned = support::self_signed({.hosts = {"other"}, .last_day = -1});
  serve({.identity = pinned});
  EXPECT_EQ(get(endpoint({.pinned = {.text = pinned.certificate}})).value_or("error"), "hello");
  EXPECT_EQ(get(endpoint({.fingerprint = support::fingerprint(pinned)})).value_or("error"),
            "hello");
  front_->renew(support::issue(authority_));
  TlsOptions both = trusting();
  both.pinned.text = pinned.certificate;
  expect_error(endpoint(both), ConnectFault::tls, "is not the pinned one; its SHA-256 is ",
               "pin that");
  expect_error(endpoint({.verify = false, .fingerprint = support::fingerprint(pinned)}),
               ConnectFault::tls, "is not the pinned one");
}

TEST_F(TlsTest, AFingerprintMayBeWrittenInSeveralWays) {
  const Identity pinned = support::self_signed();
  serve({.identity = pinned});
  const std::string colons = support::fingerprint(pinned);
  std::string plain = colons;
  std::erase(plain, ':');
  for (const std::string& written : {colons, plain, "sha256:" + plain, "SHA256:" + colons}) {
    EXPECT_EQ(get(endpoint({.fingerprint = written})).value_or("error"), "hello") << written;
  }
}

TEST_F(TlsTest, AFingerprintThatIsNoneIsAnErrorAndNotNoPin) {
  serve_well();
  const std::string digits(64, 'a');
  for (const std::string& written :
       {std::string(" "), std::string(":"), std::string("sha256:"), std::string("ab"), digits + "a",
        digits.substr(1) + "g", "sha1:" + digits}) {
    for (const bool verify : {true, false}) {
      TlsOptions options = trusting();
      options.verify = verify;
      options.fingerprint = written;
      const auto body = get(endpoint(options));
      ASSERT_FALSE(body) << written;
      EXPECT_EQ(body.error().kind, ErrorKind::invalid_config) << body.error();
      EXPECT_THAT(body.error().remedy, HasSubstr("64 hexadecimal digits"));
    }
  }
}

TEST_F(TlsTest, OfTwoPinsBothMustHold) {
  const Identity shown = support::self_signed();
  const Identity other = support::self_signed();
  serve({.identity = shown});
  const auto both = [&](const Identity& certificate, const Identity& digest) {
    return endpoint(
        {.pinned = {.text = certificate.certificate}, .fingerprint = support::fingerprint(digest)});
  };
  EXPECT_EQ(get(both(shown, shown)).value_or("error"), "hello");
  expect_error(both(shown, other), ConnectFault::tls, "is not the pinned one");
  expect_error(both(other, shown), ConnectFault::tls, "is not the pinned one");
}

TEST_F(TlsTest, TheFinalDotOfAFullNameIsNoPartOfIt) {
  serve({.identity = support::issue(authority_, {.hosts = {"engine.example"}})});
  TlsOptions options = trusting();
  options.server_name = "engine.example.";
  EXPECT_EQ(get(endpoint(options)).value_or("error"), "hello");
  options.server_name = "engine.example..";
  EXPECT_FALSE(get(endpoint(options)));
}

TEST_F(TlsTest, ADomainIsNoName) {
  serve({.identity = support::issue(authority_, {.hosts = {"engine.example"}})});
  TlsOptions options = trusting();
  options.server_name = ".example";
  const auto body = get(endpoint(options));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::invalid_config);
}

TEST_F(TlsTest, ARefusedClientCertificateIsSaidInBothVersions) {
  const Identity stranger = support::issue(support::make_authority("Other CA"));
  for (const bool only_1_2 : {false, true}) {
    serve({.identity = support::issue(authority_),
           .client_authority = authority_.certificate,
           .only_1_2 = only_1_2});
    expect_error(endpoint(showing(stranger)), ConnectFault::auth,
                 "the engine refuses our client certificate (the given one): unknown CA",
                 "signed by the authority");
    const Identity old = support::issue(authority_, {.first_day = -9, .last_day = -5});
    expect_error(endpoint(showing(old)), ConnectFault::auth, "certificate expired");
  }
}

TEST_F(TlsTest, AMissingClientCertificateIsSaidInBothVersions) {
  for (const bool only_1_2 : {false, true}) {
    serve({.identity = support::issue(authority_),
           .client_authority = authority_.certificate,
           .only_1_2 = only_1_2});
    expect_error(endpoint(trusting()), ConnectFault::auth,
                 "wants a client certificate, and none was given", "and its key");
  }
}

TEST_F(TlsTest, AnOldVersionIsRefused) {
  serve({.identity = support::issue(authority_), .only_1_1 = true});
  expect_error(endpoint(trusting()), ConnectFault::tls, "neither TLS 1.2 nor 1.3");
}

TEST_F(TlsTest, AFileOfNoUseIsSaidWithItsNameAndWhatIsWrong) {
  serve_well();
  const Identity client = support::issue(authority_);
  const Identity other = support::issue(authority_);
  folder_.write("garbage", "garbage");
  folder_.write("half", authority_.certificate.substr(0, authority_.certificate.size() / 2));
  folder_.write("locked", support::encrypted(client));
  folder_.write("cert", client.certificate);
  folder_.write("other-key", other.key);
  const auto file = [&](const char* name) { return Pem{.file = folder_.path() / name}; };
  const auto expect = [&](TlsOptions options, std::string_view what, const char* name) {
    if (options.authority.empty()) options.authority.text = authority_.certificate;
    expect_error(endpoint(options), ConnectFault::tls, what);
    expect_error(endpoint(options), ConnectFault::tls, (folder_.path() / name).string());
  };
  expect({.authority = file("none")}, "the CA certificate is missing", "none");
  expect({.authority = file("garbage")}, "the CA certificate is broken, or no PEM", "garbage");
  expect({.authority = file("half")}, "the CA certificate is broken, or no PEM", "half");
  folder_.write("folder/file", "");
  expect({.authority = file("folder")}, "the CA certificate cannot be read", "folder");
  expect({.certificate = file("garbage"), .key = file("locked")},
         "the client certificate is broken", "garbage");
  expect({.certificate = file("cert"), .key = file("garbage")}, "the key of the client", "garbage");
  expect({.certificate = file("cert"), .key = file("locked")}, "by a passphrase", "locked");
  expect({.certificate = file("cert"), .key = file("other-key")}, "the key does not belong",
         "other-key");
  expect_error(endpoint({.certificate = file("cert")}), ConnectFault::tls, "has no key");
  expect_error(endpoint({.key = file("locked")}), ConnectFault::tls, "has no client certificate");
}

TEST_F(TlsTest, AFileThatMayNotBeReadIsSaid) {
  serve_well();
  folder_.write("ca.pem", authority_.certificate);
  const std::string file = folder_.path() / "ca.pem";
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto body = get(endpoint({.authority = {.file = file}}));
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(body);
  EXPECT_THAT(body.error().what, HasSubstr("may not be read: permission denied (" + file + ")"));
}

TEST_F(TlsTest, FilesAreReadForEachConnection) {
  const Identity next = support::make_authority("Next CA");
  TlsFront& front = serve_well();
  folder_.write("ca.pem", authority_.certificate);
  const Endpoint here = endpoint({.authority = {.file = folder_.path() / "ca.pem"}});
  EXPECT_TRUE(get(here));
  front.renew(support::issue(next));
  EXPECT_FALSE(get(here));
  folder_.write("ca.pem", next.certificate);
  EXPECT_TRUE(get(here));
}

TEST_F(TlsTest, TheAuthoritiesOfTheSystemAreTakenAnewWhenTheyChange) {
  serve_well();
  folder_.write("system.pem", support::make_authority("Other CA").certificate);
  ::setenv("SSL_CERT_FILE", (folder_.path() / "system.pem").c_str(), 1);
  EXPECT_FALSE(get(endpoint({})));
  folder_.write("next.pem", authority_.certificate);
  std::filesystem::rename(folder_.path() / "next.pem", folder_.path() / "system.pem");
  EXPECT_EQ(get(endpoint({})).value_or("error"), "hello");
  EXPECT_EQ(get(endpoint({})).value_or("error"), "hello");
  ::unsetenv("SSL_CERT_FILE");
}

TEST_F(TlsTest, WhatDoesNotSpeakTlsIsSaid) {
  Endpoint endpoint = *parse_endpoint("https://127.0.0.1:1", 0);
  auto plain = std::make_unique<test::MemoryStream>(
      std::vector<std::string>{"HTTP/1.1 400 Bad Request\r\n\r\n"});
  auto stream = test::run(io_, secure_stream(std::move(plain), endpoint, 5s));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, ConnectFault::tls);
  EXPECT_THAT(stream.error().what, HasSubstr("does not speak TLS here"));
}

TEST_F(TlsTest, AHandshakeThatIsCutIsUnreachable) {
  Endpoint endpoint = *parse_endpoint("https://127.0.0.1:1", 0);
  auto plain = std::make_unique<test::MemoryStream>(std::vector<std::string>{});
  auto stream = test::run(io_, secure_stream(std::move(plain), endpoint, 5s));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, ConnectFault::unreachable);
  EXPECT_THAT(stream.error().what, HasSubstr("during the TLS handshake"));
}

TEST_F(TlsTest, AHandshakeThatIsNotAnsweredIsMute) {
  asio::ip::tcp::acceptor silent(io_, {asio::ip::address_v4::loopback(), 0});
  const auto url = fmt::format("https://127.0.0.1:{}", silent.local_endpoint().port());
  auto stream = test::run(io_, connect_stream(*parse_endpoint(url, 0), 50ms));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, ConnectFault::mute);
  EXPECT_THAT(stream.error().what, HasSubstr("no answer within 0.05 s"));
}

TEST_F(TlsTest, AQuietConnectionIsReadWithinItsDeadline) {
  serve_well();
  auto stream = test::run(io_, connect_stream(endpoint(trusting()), 5s));
  ASSERT_TRUE(stream) << stream.error();
  std::string buffer(10, '\0');
  const auto size = test::run(io_, (*stream)->read_some(buffer, 50ms));
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().fault, ConnectFault::mute);
}

}  // namespace
}  // namespace rollcall
