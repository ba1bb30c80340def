#include "server/connection.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/async/signal.hpp"
#include "core/budgets.hpp"
#include "server/http/problem.hpp"
#include "support/faulty_stream.hpp"
#include "support/memory_stream.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using test::FaultPlan;
using test::MemoryStream;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Sends its texts, then waits until it is closed.
class Texts final : public LiveBody {
 public:
  Texts(const boost::asio::any_io_executor& executor, std::vector<std::string> texts)
      : texts_(std::move(texts)), closed_(executor) {}

  [[nodiscard]] boost::asio::awaitable<SharedText> next() override {
    if (next_ < texts_.size()) co_return std::make_shared<const std::string>(texts_[next_++]);
    co_await closed_.wait();
    co_return nullptr;
  }
  void close() override {
    ++closes;
    closed_.notify();
  }

  int closes = 0;

 private:
  std::vector<std::string> texts_;
  std::size_t next_ = 0;
  Signal closed_;
};

/// Every write times out, as on a socket whose peer does not read.
class Stalled final : public Stream {
 public:
  explicit Stalled(std::string request) : reading_({std::move(request)}) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    return reading_.read_some(into, deadline);
  }
  [[nodiscard]] Task<void> write(std::string_view /*data*/, Milliseconds deadline) override {
    deadlines.push_back(deadline);
    co_return mute_error({.path = "client", .host = {}}, deadline);
  }

  std::vector<Milliseconds> deadlines;

 private:
  MemoryStream reading_;
};

class ServerConnection : public testing::Test, public Responder {
 protected:
  [[nodiscard]] Verdict judge(const Request& request, const Client& /*client*/) override {
    Verdict verdict{.trusted = trusted, .always = request.target == "/livez"};
    if (request.target.starts_with("/secret")) verdict.refusal = problem(401, "who are you?");
    return verdict;
  }

  [[nodiscard]] Reply answer(const Request& request, const Client& /*client*/) override {
    asked.push_back(request.method + " " + request.target);
    if (request.target == "/throw") throw std::runtime_error("out of order");
    if (request.target == "/live") return {.type = "text/event-stream", .live = live};
    if (request.target == "/long") return text_reply("text/plain", std::string(200'000, 'x'));
    if (request.target == "/304") return {.status = 304};
    return text_reply("text/plain", "hello\n");
  }

  /// Serves the requests of the stream, to its end.
  void serve_all(std::shared_ptr<Stream> stream) {
    bool ended = false;
    boost::asio::co_spawn(io_, serve(std::move(stream), guests_.admit({}), shared_),
                          [&ended](const std::exception_ptr& thrown) {
                            if (thrown) std::rethrow_exception(thrown);
                            ended = true;
                          });
    io_.restart();
    io_.run();
    EXPECT_TRUE(ended);
  }

  /// The bytes that the server sends when it receives these pieces.
  std::string answers_to(std::vector<std::string> pieces) {
    const auto stream = std::make_shared<MemoryStream>(std::move(pieces));
    serve_all(stream);
    return stream->written;
  }

  static std::string get(std::string_view target, std::string_view more = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
           "\r\n";
  }

  boost::asio::io_context io_;
  Limits limits_;
  Stats stats_;
  TaskGroup tasks_{io_.get_executor()};
  Guests guests_{limits_, stats_};
  Shared shared_{.limits = limits_, .responder = *this, .stats = stats_, .tasks = tasks_};
  bool trusted = false;
  std::vector<std::string> asked;
  std::shared_ptr<Texts> live;
};

TEST_F(ServerConnection, AnswersOneAfterTheOther) {
  const std::string answers =
      answers_to({get("/a") + get("/b") + get("/c", "Connection: close\r\n")});
  EXPECT_THAT(asked, testing::ElementsAre("GET /a", "GET /b", "GET /c"));
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answers, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(answers, HasSubstr("Content-Length: 6\r\n\r\nhello\nHTTP/1.1 200"));
  EXPECT_THAT(answers, EndsWith("hello\n"));
  EXPECT_EQ(stats_.requests, 3U);
  EXPECT_EQ(stats_.in_flight, 0U);
}

TEST_F(ServerConnection, LetsNoPageOfOthersHoldAnAnswer) {
  const std::string answers = answers_to({get("/a") + "BAD\r\n\r\n"});
  for (const char* header :
       {"X-Content-Type-Options: nosniff\r\n", "Cross-Origin-Resource-Policy: same-origin\r\n",
        "Content-Security-Policy: frame-ancestors 'none'\r\n"}) {
    const std::size_t first = answers.find(header);
    EXPECT_NE(first, std::string::npos) << header;
    EXPECT_NE(answers.find(header, first + 1), std::string::npos) << header;
  }
}

TEST_F(ServerConnection, EndsWhenTheClientSaysSo) {
  answers_to({get("/a", "Connection: close\r\n") + get("/b")});
  EXPECT_THAT(asked, testing::ElementsAre("GET /a"));
  asked.clear();
  answers_to({"GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n"});
  EXPECT_THAT(asked, testing::ElementsAre("GET /a"));
}

TEST_F(ServerConnection, EndsWhenTheServerStops) {
  shared_.stopping = true;
  EXPECT_THAT(answers_to({get("/a") + get("/b")}), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(asked, testing::ElementsAre("GET /a"));
}

TEST_F(ServerConnection, TellsOnlyTheHeadToWhoAsksForIt) {
  const std::string answer =
      answers_to({"HEAD /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"});
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(ServerConnection, TellsNoBodyOfWhatIsUnchanged) {
  EXPECT_THAT(answers_to({get("/304", "Connection: close\r\n")}),
              testing::AllOf(HasSubstr("304 Not Modified"), Not(HasSubstr("Content-Length")),
                             EndsWith("\r\n\r\n")));
}

TEST_F(ServerConnection, SaysWhatIsWrongAndEnds) {
  const std::string answer = answers_to({"GET / HTTP/9.9\r\n\r\n" + get("/b")});
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 505 "));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(stats_.refused_requests, 1U);
}

TEST_F(ServerConnection, ExpectsNothing) {
  EXPECT_THAT(answers_to({get("/a", "Expect: chocolate\r\n")}), StartsWith("HTTP/1.1 417 "));
  const std::string body = "Expect: 100-continue\r\nContent-Length: 1\r\n";
  EXPECT_THAT(answers_to({get("/a", body) + "x" + get("/b")}), StartsWith("HTTP/1.1 417 "));
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(stats_.refused_requests, 2U);
  EXPECT_THAT(answers_to({get("/a", "Expect: 100-continue\r\n")}), StartsWith("HTTP/1.1 200 "))
      << "there is no body to go on with";
}

TEST_F(ServerConnection, AsksWhoMayAskBeforeItReadsABody) {
  const std::string body = "Content-Length: 4000\r\n";
  const std::string answers = answers_to({get("/secret", body)});
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 401 ")) << "though the body never comes";
  EXPECT_THAT(answers, HasSubstr("Connection: close\r\n")) << "what follows could be anything";
  EXPECT_THAT(answers_to({get("/secret", body + "Expect: chocolate\r\n")}),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_TRUE(asked.empty());
}

TEST_F(ServerConnection, KeepsAClientThatMayAskAgain) {
  const std::string answers = answers_to({get("/secret") + get("/a", "Connection: close\r\n")});
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(asked, testing::ElementsAre("GET /a"));
}

/// Sends a piece, then a byte every 2 ms for ever, and reports which clients hold places.
class Dripping final : public Stream {
 public:
  Dripping(std::string first, const Stats& stats) : first_(std::move(first)), stats_(stats) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    deadlines.push_back(deadline);
    if (!first_.empty()) {
      const std::size_t size = first_.copy(into.data(), into.size());
      first_.erase(0, size);
      co_return size;
    }
    connections = stats_.connections;
    in_flight = stats_.in_flight;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 2ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    into.front() = 'x';
    co_return std::size_t{1};
  }
  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds /*deadline*/) override {
    written += data;
    co_return Result<void>();
  }

  std::string written;
  std::vector<Milliseconds> deadlines;
  std::size_t connections = 99;  // as of the last dripped byte
  std::size_t in_flight = 99;

 private:
  std::string first_;
  const Stats& stats_;
};

TEST_F(ServerConnection, GivesARefusedClientNoPlaceAndOneEnd) {
  limits_.drain = 60ms;
  const std::string body = "Content-Length: 4000\r\n";
  for (const std::string& first :
       {std::string("BAD\r\n\r\n"), get("/secret", body), get("/a", "Expect: x\r\n" + body),
        get("/a", "Transfer-Encoding: identity\r\n")}) {
    const auto stream = std::make_shared<Dripping>(first, stats_);
    serve_all(stream);
    EXPECT_THAT(stream->written, StartsWith("HTTP/1.1 4")) << first;
    EXPECT_EQ(stream->connections, 0U) << first;
    EXPECT_EQ(stream->in_flight, 0U) << first;
    EXPECT_LT(stream->deadlines.size(), 70U) << "a byte each 2 ms, for 60 ms";
  }
}

TEST_F(ServerConnection, WaitsForNoMoreRefusedClientsThanItsBudget) {
  shared_.parting = budget::parting_connections;
  const auto stream = std::make_shared<Dripping>("BAD\r\n\r\n", stats_);
  serve_all(stream);
  EXPECT_THAT(stream->written, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(stream->deadlines.size(), 1U);
}

TEST_F(ServerConnection, SurvivesAnAnswerThatFails) {
  const std::string answers = answers_to({get("/throw") + get("/b", "Connection: close\r\n")});
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answers, EndsWith("hello\n"));
}

TEST_F(ServerConnection, AnswersNoMoreThanItsLimitAtOnce) {
  limits_.requests_in_flight = 1;
  stats_.in_flight = 1;  // of another client
  const std::string answers = answers_to({get("/a", "Connection: close\r\n")});
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answers, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_TRUE(asked.empty());
  stats_.in_flight = 0;
  EXPECT_THAT(answers_to({get("/a", "Connection: close\r\n")}), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerConnection, TellsThatItLivesHoweverMuchIsUnderWay) {
  limits_.requests_in_flight = 1;
  stats_.in_flight = 1;
  EXPECT_THAT(answers_to({get("/livez", "Connection: close\r\n")}), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerConnection, AnswersThoseItTrustsThoughStrangersFillTheLimit) {
  limits_.requests_in_flight = 1;
  stats_.in_flight = 1;
  trusted = true;
  EXPECT_THAT(answers_to({get("/a", "Connection: close\r\n")}), StartsWith("HTTP/1.1 200 "));
  stats_.in_flight = 2;
  stats_.trusted_in_flight = 1;
  EXPECT_THAT(answers_to({get("/a", "Connection: close\r\n")}), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(stats_.trusted_in_flight, 1U);
}

TEST_F(ServerConnection, WritesLongAnswersInPieces) {
  EXPECT_THAT(answers_to({get("/long", "Connection: close\r\n")}),
              testing::AllOf(HasSubstr("Content-Length: 200000\r\n\r\nxxx"),
                             EndsWith(std::string(1000, 'x'))));
}

TEST_F(ServerConnection, LeavesAClientThatDoesNotRead) {
  limits_.write = 123ms;
  const auto stream = std::make_shared<Stalled>(get("/long") + get("/b"));
  serve_all(stream);
  EXPECT_EQ(stream->deadlines, std::vector{123ms});
  EXPECT_EQ(stats_.stalled, 1U);
  EXPECT_EQ(stats_.in_flight, 0U);
  EXPECT_THAT(asked, testing::ElementsAre("GET /long"));
}

/// Takes 30 ms for each piece, less than the deadline of one write.
class Reluctant final : public Stream {
 public:
  explicit Reluctant(std::string request) : reading_({std::move(request)}) {}

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    return reading_.read_some(into, deadline);
  }
  [[nodiscard]] Task<void> write(std::string_view /*data*/, Milliseconds deadline) override {
    deadlines.push_back(deadline);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 30ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return Result<void>();
  }

  std::vector<Milliseconds> deadlines;

 private:
  MemoryStream reading_;
};

TEST_F(ServerConnection, LeavesAClientThatReadsForTooLong) {
  limits_.write = 50ms;
  limits_.answer = 80ms;
  const auto stream = std::make_shared<Reluctant>(get("/long") + get("/b"));
  serve_all(stream);
  EXPECT_EQ(stats_.stalled, 1U);
  EXPECT_LE(stream->deadlines.size(), 3U) << "of a head and four pieces";
  EXPECT_TRUE(std::ranges::is_sorted(stream->deadlines, std::ranges::greater()));
  EXPECT_THAT(asked, testing::ElementsAre("GET /long"));
}

TEST_F(ServerConnection, TellsWhatGoesOnUntilTheClientLeaves) {
  live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{"one\n", "two\n"});
  const std::string answer = answers_to({get("/live")});
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\none\ntwo\n"));
  EXPECT_EQ(live->closes, 1);
}

TEST_F(ServerConnection, TellsNothingThatGoesOnToHead) {
  live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{"one\n"});
  EXPECT_THAT(answers_to({"HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n"}), EndsWith("\r\n\r\n"));
  EXPECT_EQ(live.use_count(), 1);
}

TEST_F(ServerConnection, LeavesASubscriberThatDoesNotRead) {
  live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{"one\n", "two\n"});
  serve_all(std::make_shared<Stalled>(get("/live")));
  EXPECT_EQ(stats_.stalled, 1U);
  EXPECT_EQ(live.use_count(), 1);
}

TEST_F(ServerConnection, LeavesASubscriberThatTalksTooMuch) {
  live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{});
  answers_to({get("/live") + std::string(1'000'000, 'x')});
  EXPECT_EQ(live->closes, 1);
}

TEST_F(ServerConnection, EndsCleanlyWhicheverStepFails) {
  live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{"one\n"});
  const std::string requests = get("/a") + get("/long") + get("/live");
  for (const auto failure :
       {FaultPlan::Failure::error, FaultPlan::Failure::end, FaultPlan::Failure::timeout}) {
    for (std::size_t step = 0; step < 14; ++step) {
      const auto plan = std::make_shared<FaultPlan>(FaultPlan{.fail_at = step, .failure = failure});
      live = std::make_shared<Texts>(io_.get_executor(), std::vector<std::string>{"one\n"});
      serve_all(std::make_shared<test::FaultyStream>(
          std::make_unique<MemoryStream>(std::vector<std::string>{requests}), plan));
      EXPECT_EQ(stats_.in_flight, 0U) << step;
    }
  }
}

}  // namespace
}  // namespace rollcall::server
