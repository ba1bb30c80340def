#include "transport/http/client.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/gzip.hpp"
#include "support/memory_stream.hpp"
#include "support/run.hpp"

namespace rollcall {
namespace {

using test::MemoryStream;
using testing::HasSubstr;

const std::string chunked =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
const std::string sized =
    "HTTP/1.1 404 Not Found\r\nApi-Version: 1.41\r\nContent-Length: 4\r\n\r\nnope";

/// Hands out prepared connections in order.
struct Server {
  std::deque<std::unique_ptr<MemoryStream>> streams;
  int connects = 0;

  void add(std::vector<std::string> pieces, std::optional<RuntimeError> error = {}) {
    streams.push_back(std::make_unique<MemoryStream>(std::move(pieces), std::move(error)));
  }
  Connector connector() {
    return [this](Milliseconds) { return connect(); };
  }
  Task<StreamPtr> connect() {
    ++connects;
    if (streams.empty()) co_return fail({.fault = ConnectFault::refused, .what = "refused"});
    StreamPtr stream = std::move(streams.front());
    streams.pop_front();
    co_return stream;
  }
};

struct Answer {
  unsigned status = 0;
  std::string body;
  std::string error;
};

Task<Answer> fetch(HttpClient& client) {
  Answer answer;
  auto response = co_await client.get("/x", {});
  if (!response) {
    answer.error = response.error().describe();
    co_return answer;
  }
  answer.status = (*response)->status();
  for (;;) {
    auto piece = co_await (*response)->read_some();
    if (!piece) answer.error = piece.error().describe();
    if (!piece || piece->empty()) co_return answer;
    answer.body += *piece;
  }
}

class HttpClientTest : public testing::Test {
 protected:
  Answer get() { return *test::run(fetch(client_)); }

  Server server_;
  HttpClient client_{server_.connector(), "localhost", "unix:///x"};
};

TEST_F(HttpClientTest, ReadsChunkedAndSizedBodies) {
  server_.add({chunked});
  const Answer first = get();
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(first.body, "hello world");
  EXPECT_EQ(first.error, "");
  server_.add({sized});
  EXPECT_EQ(get().body, "nope");
}

TEST_F(HttpClientTest, ReadsTheSameHoweverTheAnswerIsCut) {
  for (const std::string& text : {chunked, sized}) {
    server_.add({text});
    HttpClient whole_client(server_.connector(), "localhost", "u");
    const Answer whole = *test::run(fetch(whole_client));
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      server_.add({text.substr(0, cut), text.substr(cut)});
      HttpClient client(server_.connector(), "localhost", "u");
      const Answer answer = *test::run(fetch(client));
      EXPECT_EQ(answer.body, whole.body) << "cut at " << cut;
      EXPECT_EQ(answer.error, "") << "cut at " << cut;
    }
  }
}

TEST_F(HttpClientTest, ReadsABodyThatIsManyReadsLong) {
  std::string body;
  while (body.size() < (std::size_t{3} << 20U)) body += std::to_string(body.size());
  server_.add(
      {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
  EXPECT_TRUE(get().body == body);
  std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 100'000) {
    const std::string_view chunk = std::string_view(body).substr(at, 100'000);
    chunks += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  server_.add({chunks + "0\r\n\r\n"});
  EXPECT_TRUE(get().body == body);
}

TEST_F(HttpClientTest, EveryPrefixIsAnError) {
  for (const std::string& text : {chunked, sized}) {
    for (std::size_t end = 0; end < text.size(); ++end) {
      server_.add({text.substr(0, end)});
      HttpClient client(server_.connector(), "localhost", "u");
      EXPECT_THAT(test::run(fetch(client))->error, HasSubstr("closed the connection")) << end;
    }
  }
}

TEST_F(HttpClientTest, AnErrorOfTheConnectionIsTheErrorOfTheBody) {
  server_.add({chunked.substr(0, chunked.size() - 9)}, RuntimeError{.what = "reset"});
  const Answer answer = get();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.error, HasSubstr("reset"));
}

TEST_F(HttpClientTest, AConnectionThatWasReadToItsEndIsUsedAgain) {
  server_.add({chunked, sized});
  EXPECT_EQ(get().status, 200U);
  EXPECT_EQ(get().status, 404U);
  EXPECT_EQ(server_.connects, 1);
}

TEST_F(HttpClientTest, AKeptConnectionIsClosedWhenThatIsAsked) {
  server_.add({chunked, sized});
  server_.add({sized});
  EXPECT_EQ(get().status, 200U);
  client_.close_idle();
  EXPECT_EQ(get().status, 404U);
  EXPECT_EQ(server_.connects, 2);
}

TEST_F(HttpClientTest, AKeptConnectionThatIsDeadIsReplacedOnce) {
  server_.add({chunked});
  server_.add({sized});
  EXPECT_EQ(get().status, 200U);
  EXPECT_EQ(get().status, 404U);
  EXPECT_EQ(server_.connects, 2);
}

TEST_F(HttpClientTest, AConnectionThatTheServerClosesIsNotKept) {
  server_.add({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"});
  server_.add({sized});
  EXPECT_EQ(get().body, "ok");
  EXPECT_EQ(get().status, 404U);
  EXPECT_EQ(server_.connects, 2);
}

TEST_F(HttpClientTest, ABodyWithoutALengthEndsWithTheConnection) {
  server_.add({"HTTP/1.1 200 OK\r\n\r\nto the end"});
  EXPECT_EQ(get().body, "to the end");
}

TEST_F(HttpClientTest, WhatIsNotHttpIsNotThisApi) {
  server_.add({"SSH-2.0-OpenSSH_9.2\r\n"});
  auto response = test::run(client_.get("/x", {}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault, ConnectFault::not_this_api);
}

TEST_F(HttpClientTest, AnAlertOfTlsSaysThatTheEngineSpeaksTls) {
  server_.add({std::string("\x15\x03\x01\x00\x02\x02\x46", 7)});
  auto response = test::run(client_.get("/x", {}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().fault, ConnectFault::tls);
  EXPECT_THAT(response.error().what, HasSubstr("speaks TLS here"));
}

TEST_F(HttpClientTest, AnEndlessHeadIsRefused) {
  server_.add({"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')});
  EXPECT_FALSE(test::run(client_.get("/x", {})));
}

TEST_F(HttpClientTest, AllOfABodyIsBounded) {
  server_.add({chunked});
  auto response = test::run(client_.get("/x", {}));
  ASSERT_TRUE(response);
  auto body = test::run((*response)->read_all(10));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::protocol);
}

TEST_F(HttpClientTest, HeadersAreFoundInAnyCase) {
  server_.add({sized});
  auto response = test::run(client_.get("/x", {}));
  ASSERT_TRUE(response);
  EXPECT_EQ((*response)->header("api-version"), "1.41");
  EXPECT_EQ((*response)->header("none"), "");
}

/// The bytes that the client has written to the next connection.
std::string sent_by(Server& server, HttpRequest request) {
  auto stream = std::make_unique<MemoryStream>(std::vector<std::string>{sized});
  MemoryStream& seen = *stream;
  server.streams.push_back(std::move(stream));
  HttpClient client(server.connector(), "localhost", "unix:///x");
  auto response = test::run(client.send(std::move(request), {}));
  EXPECT_TRUE(response) << response.error().describe();
  return seen.written;
}

TEST_F(HttpClientTest, ARequestSaysWhoAsksAndWhatIsExpected) {
  const std::string sent = sent_by(server_, {.target = "/x"});
  EXPECT_THAT(sent, testing::StartsWith("GET /x HTTP/1.1\r\n"));
  for (const char* line : {"Host: localhost", "User-Agent: rollcall", "Accept: application/json"}) {
    EXPECT_THAT(sent, HasSubstr(std::string(line) + "\r\n"));
  }
}

TEST_F(HttpClientTest, HeadersOfARequestCountMoreThanTheUsualOnesAndMayRepeat) {
  const std::string sent = sent_by(server_, {.target = "/x",
                                             .headers = {{"User-Agent", "rollcall/1"},
                                                         {"Impersonate-Group", "a"},
                                                         {"Impersonate-Group", "b"}}});
  EXPECT_THAT(sent, HasSubstr("User-Agent: rollcall/1\r\n"));
  EXPECT_THAT(sent, testing::Not(HasSubstr("User-Agent: rollcall\r\n")));
  EXPECT_THAT(sent, HasSubstr("Impersonate-Group: a\r\n"));
  EXPECT_THAT(sent, HasSubstr("Impersonate-Group: b\r\n"));
}

TEST_F(HttpClientTest, ABodyMakesItAPostOfJson) {
  const std::string sent = sent_by(server_, {.target = "/x", .body = R"({"a":1})"});
  EXPECT_THAT(sent, testing::StartsWith("POST /x HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(sent, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(sent, testing::EndsWith("\r\n\r\n{\"a\":1}"));
}

TEST_F(HttpClientTest, AHeaderThatWouldBeTwoIsNotSentAndNotTold) {
  for (const char* value : {"Bearer secret\r\nX: y", "secret\n", "sec\x01ret"}) {
    auto response =
        test::run(client_.send({.target = "/x", .headers = {{"Authorization", value}}}, {}));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::invalid_config);
    EXPECT_THAT(response.error().describe(), testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(server_.connects, 0);
}

std::string gzip_answer(const std::string& body, const char* encoding = "gzip") {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: {}\r\n\r\n{}",
                     encoding, body.size(), body);
}

TEST_F(HttpClientTest, GzipIsInflatedHoweverItIsCutAndTheConnectionIsKept) {
  const std::string text = gzip_answer(support::gzipped("hello world"));
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    server_.add({text.substr(0, cut), text.substr(cut), sized});
    HttpClient client(server_.connector(), "localhost", "u");
    EXPECT_EQ(test::run(fetch(client))->body, "hello world") << "cut at " << cut;
    EXPECT_EQ(test::run(fetch(client))->body, "nope") << "cut at " << cut;
  }
}

TEST_F(HttpClientTest, GzipThatEndsTooEarlyOrIsNoneIsAnError) {
  const std::string whole = support::gzipped("hello world");
  server_.add({gzip_answer(whole.substr(0, whole.size() - 3))});
  EXPECT_THAT(get().error, HasSubstr("closed the connection in the middle"));
  server_.add({gzip_answer("hello world")});
  EXPECT_THAT(get().error, HasSubstr("is none, or is broken"));
  server_.add({gzip_answer("hello world", "br")});
  EXPECT_THAT(get().error, HasSubstr("encoded as br"));
}

TEST_F(HttpClientTest, ABombOfGzipIsRefused) {
  server_.add({gzip_answer(support::gzipped(std::string(std::size_t{32} << 20U, '0')))});
  auto response = test::run(client_.get("/x", {}));
  ASSERT_TRUE(response);
  auto body = test::run((*response)->read_all(std::size_t{64} << 20U));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::protocol);
  EXPECT_THAT(body.error().what, HasSubstr("swells"));
}

TEST(HttpClient, WhatIsNeitherHeadNorBodyIsBounded) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string begin : {"5;", "5\r\nhello\r\n0\r\nX: "}) {
    std::vector<std::string> pieces = {head + begin};
    for (int i = 0; i < 100; ++i) pieces.push_back(std::string(4096, 'x'));
    Server server;
    server.add(std::move(pieces));
    HttpClient client(server.connector(), "host", "unix:///x.sock");
    const auto answer = test::run(fetch(client));
    EXPECT_NE(answer->error, "") << begin;
    EXPECT_THAT(answer->error, testing::Not(HasSubstr("closed the connection"))) << begin;
  }
}

TEST(EncodeQueryValue, EscapesWhatAQueryMayNotHold) {
  EXPECT_EQ(encode_query_value(R"({"id":["a b"]})"), "%7B%22id%22%3A%5B%22a%20b%22%5D%7D");
}

}  // namespace
}  // namespace rollcall
