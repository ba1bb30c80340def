#include "transport/http/proxy.hpp"

#include <chrono>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/connect_proxy.hpp"
#include "support/http_server.hpp"
#include "support/run.hpp"
#include "support/tls_front.hpp"
#include "transport/http/client.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::ConnectProxy;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ProxyTest : public testing::Test {
 protected:
  Endpoint endpoint() {
    Endpoint endpoint = *parse_endpoint(front_.url(), 0);
    endpoint.tls.authority.text = authority_.certificate;
    return endpoint;
  }
  /// The body of an answer that was fetched through the proxy.
  Result<std::string> get(const std::string& proxy_url) {
    return get(parse_proxy(proxy_url).value());
  }
  Result<std::string> get(const ProxyEndpoint& proxy) {
    const Endpoint there = endpoint();
    HttpClient client([=](Milliseconds limit) { return connect_through(proxy, there, limit); },
                      there.host_header(), there.url());
    auto response = test::run(io_, client.get("/x", {.connect = 5s, .head = 5s, .progress = 5s}));
    if (!response) return fail(std::move(response.error()));
    return test::run(io_, (*response)->read_all(1000));
  }
  RuntimeError error_of(const std::string& proxy_url) {
    auto body = get(proxy_url);
    EXPECT_FALSE(body);
    return body ? RuntimeError{} : body.error();
  }

  boost::asio::io_context io_;
  support::Identity authority_ = support::make_authority();
  test::HttpServer server_{io_, [](const std::string&) { return test::http_answer("secure"); }};
  test::TlsFront front_{io_, server_.url().substr(7), {.identity = support::issue(authority_)}};
};

TEST_F(ProxyTest, SpeaksTlsWithTheEngineThroughTheProxy) {
  const ConnectProxy proxy(io_);
  const auto body = get(proxy.url());
  ASSERT_TRUE(body) << body.error().describe();
  EXPECT_EQ(*body, "secure");
  ASSERT_EQ(proxy.heads().size(), 1U);
  const std::string there = fmt::format("127.0.0.1:{}", front_.port());
  EXPECT_EQ(proxy.heads()[0], fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", there));
}

TEST_F(ProxyTest, ShowsAPasswordToTheProxyAlone) {
  const ConnectProxy proxy(io_);
  ASSERT_TRUE(get(fmt::format("http://me:se%63ret@127.0.0.1:{}", proxy.port())));
  EXPECT_THAT(proxy.heads()[0], HasSubstr("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
  EXPECT_THAT(server_.heads[0], Not(HasSubstr("Basic")));
}

TEST_F(ProxyTest, SpeaksTlsWithTheEngineThroughTlsWithTheProxy) {
  const ConnectProxy proxy(io_);
  const test::TlsFront outer(io_, proxy.port(), {.identity = support::issue(authority_)});
  ProxyEndpoint behind_tls = parse_proxy(outer.url()).value();
  behind_tls.endpoint.tls.authority.text = authority_.certificate;
  const auto body = get(behind_tls);
  ASSERT_TRUE(body) << body.error().describe();
  EXPECT_EQ(*body, "secure");
  EXPECT_THAT(proxy.heads(), testing::SizeIs(1));
}

TEST_F(ProxyTest, AProxyThatSpeaksTlsIsTrustedLikeAnyServer) {
  // The system's authorities do not include this one; the error must blame the proxy.
  const RuntimeError error = error_of(fmt::format("https://127.0.0.1:{}", front_.port()));
  EXPECT_EQ(error.fault, ConnectFault::tls);
  EXPECT_THAT(error.what, HasSubstr("the proxy cannot be reached"));
}

TEST_F(ProxyTest, AProxyThatWantsAPasswordOrAnotherOneSaysSo) {
  const ConnectProxy proxy(io_, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  const RuntimeError asked = error_of(proxy.url());
  EXPECT_EQ(asked.kind, ErrorKind::denied);
  EXPECT_EQ(asked.fault, ConnectFault::auth);
  EXPECT_THAT(asked.what, HasSubstr("wants to know who asks: 407 Proxy Authentication Required"));
  const RuntimeError refused = error_of(fmt::format("http://me:secret@127.0.0.1:{}", proxy.port()));
  EXPECT_THAT(refused.describe(), AllOf(HasSubstr("our password"), Not(HasSubstr("secret"))));
}

TEST_F(ProxyTest, AProxyThatDoesNotConnectUsIsQuoted) {
  const ConnectProxy forbids(io_, "HTTP/1.1 403 Not from here\r\n\r\n");
  const RuntimeError error = error_of(forbids.url());
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_EQ(error.fault, ConnectFault::unreachable);
  EXPECT_THAT(error.what, AllOf(HasSubstr("the proxy tcp://127.0.0.1"),
                                HasSubstr("does not connect us"), HasSubstr("403 Not from here")));
}

TEST_F(ProxyTest, WhatIsNoProxyIsNamed) {
  for (const char* answer :
       {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nHello"}) {
    const ConnectProxy proxy(io_, answer);
    EXPECT_THAT(error_of(proxy.url()).what, HasSubstr("the proxy tcp://127.0.0.1")) << answer;
  }
}

TEST_F(ProxyTest, AProxyThatIsNotThereIsToldApartFromTheEngine) {
  std::string url;
  {
    const ConnectProxy gone(io_);
    url = gone.url();
  }
  const RuntimeError error = error_of(url);
  EXPECT_EQ(error.fault, ConnectFault::refused);
  EXPECT_THAT(error.what, HasSubstr("the proxy cannot be reached"));
}

TEST(ParseProxy, UnderstandsHttpAndHttpsAlone) {
  EXPECT_EQ(parse_proxy("http://proxy")->endpoint.url(), "tcp://proxy:80");
  EXPECT_EQ(parse_proxy("https://proxy:3129")->endpoint.url(), "https://proxy:3129");
  EXPECT_EQ(parse_proxy("http://proxy:3128/")->endpoint.port, 3128);
  EXPECT_EQ(parse_proxy("http://10.0.0.7.nip.io:3128")->endpoint.host, "10.0.0.7.nip.io");
  for (const char* url : {"socks5://me:secret@proxy:1080", "proxy:3128", "secret", "",
                          "http://:3128", "http://me:secret@proxy:0"}) {
    const auto proxy = parse_proxy(url);
    ASSERT_FALSE(proxy) << url;
    EXPECT_EQ(proxy.error().kind, ErrorKind::invalid_config);
    EXPECT_THAT(proxy.error().describe(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace rollcall
