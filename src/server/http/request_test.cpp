#include "server/http/request.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_stream.hpp"
#include "support/run.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using test::MemoryStream;

Task<std::vector<Read>> read_all(Stream& stream, Limits limits) {
  RequestReader reader(stream, limits);
  std::vector<Read> all;
  for (;;) {
    auto reading = reader.next();
    all.push_back(co_await std::move(reading));
    if (!std::holds_alternative<Request>(all.back())) co_return all;
    auto skipping = reader.skip_body();
    const auto broken = co_await std::move(skipping);
    if (!broken) continue;
    all.back() = std::visit([](const auto& why) { return Read(why); }, *broken);
    co_return all;
  }
}

/// The requests in the pieces, and how reading ends.
std::vector<Read> read(std::vector<std::string> pieces, const Limits& limits = {}) {
  MemoryStream stream(std::move(pieces));
  return *test::run(read_all(stream, limits));
}

/// The status with which the first request is refused; 0 if it is not.
unsigned refusal_of(const std::string& bytes, const Limits& limits = {}) {
  const Read first = read({bytes}, limits).front();
  const auto* refusal = std::get_if<Refusal>(&first);
  return refusal == nullptr ? 0 : refusal->status;
}

const std::string two_requests =
    "GET /v1/instances?name=web HTTP/1.1\r\nHost: localhost\r\nAccept: a\r\n\r\n"
    "HEAD /livez HTTP/1.1\r\nHOST: x\r\nConnection: close\r\n\r\n";

void expect_both(const std::vector<Read>& all, std::size_t cut) {
  ASSERT_EQ(all.size(), 3U) << cut;
  const auto& first = std::get<Request>(all[0]);
  EXPECT_EQ(first.method, "GET") << cut;
  EXPECT_EQ(first.target, "/v1/instances?name=web") << cut;
  EXPECT_EQ(first.header("host"), "localhost") << cut;
  EXPECT_TRUE(first.keep_alive) << cut;
  const auto& second = std::get<Request>(all[1]);
  EXPECT_EQ(second.method, "HEAD") << cut;
  EXPECT_EQ(second.header("host"), "x") << cut;
  EXPECT_FALSE(second.keep_alive) << cut;
  EXPECT_TRUE(std::holds_alternative<Ended>(all[2])) << cut;
}

TEST(ServerRequests, AreReadHoweverTheyAreCut) {
  for (std::size_t cut = 0; cut <= two_requests.size(); ++cut) {
    expect_both(read({two_requests.substr(0, cut), two_requests.substr(cut)}), cut);
  }
  std::vector<std::string> bytes;
  for (const char c : two_requests) bytes.emplace_back(1, c);
  expect_both(read(bytes), 1);
}

TEST(ServerRequests, ThatAreTruncatedAreNone) {
  const std::string whole = two_requests.substr(0, two_requests.find("HEAD"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<Read> all = read({whole.substr(0, size)});
    ASSERT_EQ(all.size(), 1U) << size;
    EXPECT_TRUE(std::holds_alternative<Ended>(all.front())) << size;
  }
}

TEST(ServerRequests, OfHttp10EndTheirConnection) {
  const auto old = std::get<Request>(read({"GET / HTTP/1.0\r\n\r\n"}).front());
  EXPECT_EQ(old.version, 10U);
  EXPECT_FALSE(old.keep_alive);
  const auto kept =
      std::get<Request>(read({"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}).front());
  EXPECT_TRUE(kept.keep_alive);
}

TEST(ServerRequests, LoseTheirBody) {
  const std::vector<Read> all =
      read({"GET /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.1\r\n\r\n"});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(std::get<Request>(all[0]).target, "/a");
  EXPECT_EQ(std::get<Request>(all[1]).target, "/b");
  EXPECT_EQ(std::get<Request>(all[2]).target, "/c");
}

TEST(ServerRequests, AreRefusedIfTheirEndIsInDoubt) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "0\r\n\r\n"),
            400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
                       "0\r\n\r\n"),
            400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
            400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 3x\r\n\r\nabc"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400U);
}

TEST(ServerRequests, AreRefusedIfTheyAreNotHttp) {
  for (const char* bytes :
       {"\r\n\r\nGET\r\n\r\n", "GET\r\n\r\n", "GET / FTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA B: x\r\n\r\n", "GET / HTTP/1.1\r\nA: x\x01y\r\n\r\n",
        "G\x01T / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 hello of TLS\r\n\r\n"}) {
    EXPECT_NE(refusal_of(bytes), 0U) << bytes;
  }
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\n\r\n"), 505U);
}

TEST(ServerRequests, AreRefusedIfTheirHeadIsTooLong) {
  const Limits limits{.head_bytes = 256};
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nA: " + std::string(300, 'x') + "\r\n\r\n", limits), 431U);
  EXPECT_EQ(refusal_of("GET /" + std::string(300, 'x') + " HTTP/1.1\r\n\r\n", limits), 431U);
  EXPECT_EQ(refusal_of("GET /" + std::string(30'000, 'x'), limits), 431U) << "also without an end";
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  EXPECT_EQ(refusal_of(many + "\r\n", limits), 431U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nA: " + std::string(100, 'x') + "\r\n\r\n", limits), 0U);
}

TEST(ServerRequests, AreRefusedIfTheirBodyIsTooLong) {
  const Limits limits{.body_bytes = 10};
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", limits), 413U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "b\r\nhello world\r\n0\r\n\r\n",
                       limits),
            413U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789", limits), 0U);
}

unsigned refusal_with(std::string_view headers) {
  return refusal_of("GET / HTTP/1.1\r\n" + std::string(headers) + "\r\n");
}

TEST(ServerRequests, AreRefusedIfTheirCodingIsNotChunkedAlone) {
  for (const char* coding : {"xchunked", "identity", "", "chunked, chunked", "chunked,chunked",
                             "chunked, gzip", "gzip", "chunked;q=1", "\"chunked\"", "\vchunked",
                             ", chunked", "chunked,", "chunked chunked", "xchunked, chunked"}) {
    EXPECT_EQ(refusal_with("Transfer-Encoding: " + std::string(coding) + "\r\n"), 400U) << coding;
  }
  EXPECT_EQ(refusal_with("Transfer-Encoding: gzip, chunked\r\n"), 501U);
  EXPECT_EQ(refusal_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 400U);
  EXPECT_EQ(refusal_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400U);
  EXPECT_EQ(refusal_with("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nTRANSFER-ENCODING: \tChunKed \r\n\r\n0\r\n\r\n"), 0U);
}

TEST(ServerRequests, AreRefusedIfTheySayTheirLengthTwice) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc"), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
            400U);
}

TEST(ServerRequests, AreRefusedIfTheirBodyIsFramedAtTooGreatLength) {
  const Limits limits{.head_bytes = 100, .body_bytes = 10};
  std::string body;
  for (int i = 0; i < 5; ++i) body += "1;" + std::string(60, 'x') + "\r\na\r\n";
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n",
                       limits),
            413U);
}

TEST(ServerRequests, TellThatABodyFollows) {
  const auto has_body = [](const std::string& bytes) {
    return std::get<Request>(read({bytes}).front()).has_body;
  };
  EXPECT_FALSE(has_body("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(has_body("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(has_body("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"));
  EXPECT_TRUE(has_body("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
}

TEST(ServerRequests, MayExpectNothingButToBeToldToGoOn) {
  const auto too_much = [](std::vector<std::string> expectations, bool has_body = false,
                           unsigned version = 11) {
    Request request{.method = "GET", .target = "/", .version = version, .has_body = has_body};
    for (std::string& one : expectations) request.headers.emplace_back("expect", std::move(one));
    return expects_too_much(request);
  };
  EXPECT_FALSE(too_much({}));
  EXPECT_FALSE(too_much({""}));
  EXPECT_FALSE(too_much({"100-continue"})) << "without a body there is nothing to go on with";
  EXPECT_FALSE(too_much({" 100-Continue , "}));
  EXPECT_TRUE(too_much({"100-continue"}, true)) << "no body is wanted";
  EXPECT_TRUE(too_much({"chocolate"}));
  EXPECT_TRUE(too_much({"100-continue, chocolate"}));
  EXPECT_TRUE(too_much({"100-continue", "chocolate"}));
  EXPECT_FALSE(too_much({"chocolate"}, true, 10)) << "HTTP/1.0 knows no expectations";
}

/// Sends one byte at a time, and records how long the reader would wait for each.
class Trickle final : public Stream {
 public:
  explicit Trickle(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    deadlines.push_back(deadline);
    co_await pause();
    if (next_ == text_.size()) {
      co_return fail({.fault = ConnectFault::mute, .what = "nothing came"});
    }
    into.front() = text_[next_++];
    co_return std::size_t{1};
  }
  [[nodiscard]] Task<void> write(std::string_view /*data*/, Milliseconds /*deadline*/) override {
    co_return Result<void>();
  }

  std::vector<Milliseconds> deadlines;

 private:
  static boost::asio::awaitable<void> pause() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 2ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  std::string text_;
  std::size_t next_ = 0;
};

TEST(ServerRequests, HaveOneDeadlineHoweverSlowlyTheyTrickle) {
  Trickle stream("GET /" + std::string(5000, 'x'));
  const Limits limits{.request = 40ms, .idle = 7s};
  const auto all = test::run(read_all(stream, limits));
  ASSERT_EQ(all->size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Ended>(all->front()));
  EXPECT_LT(stream.deadlines.size(), 40U) << "a byte each 2 ms, for 40 ms";
  EXPECT_EQ(stream.deadlines.front(), 7s)
      << "the first byte may take as long as a connection idles";
  EXPECT_TRUE(std::ranges::is_sorted(stream.deadlines, std::ranges::greater()));
}

TEST(ServerRequests, HaveOneDeadlineForHeadAndBody) {
  Trickle stream("GET / HTTP/1.1\r\nContent-Length: 4000\r\n\r\n" + std::string(4000, 'x'));
  const Limits limits{.request = 150ms, .idle = 7s};
  const auto all = test::run(read_all(stream, limits));
  ASSERT_EQ(all->size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Ended>(all->front()));
  EXPECT_LT(stream.deadlines.size(), 160U) << "a byte each 2 ms, for 150 ms";
  EXPECT_TRUE(std::ranges::is_sorted(stream.deadlines, std::ranges::greater()));
}

TEST(ServerRequests, WaitForTheNextAsLongAsAConnectionMayIdle) {
  Trickle stream("GET / HTTP/1.1\r\n\r\n");
  const Limits limits{.request = 5s, .idle = 9s};
  const auto all = test::run(read_all(stream, limits));
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(stream.deadlines.back(), 9s);
}

}  // namespace
}  // namespace rollcall::server
