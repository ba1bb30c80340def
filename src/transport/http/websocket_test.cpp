// A WebSocket over a connection in memory, whose other end follows the test's script.
#include "transport/http/websocket.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/websocket_frames.hpp"

namespace rollcall {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::close_frame;
using test::frame;
using test::Frame;
using testing::HasSubstr;

/// What the peer sends, and what it has received.
struct Script {
  std::string refusal{};  ///< Sent instead of the upgrade.
  std::string says{};     ///< Sent after the upgrade.
  std::size_t piece = 100000;
  enum class End { eof, error, silence } end = End::eof;
  bool deaf = false;  ///< After the upgrade it reads nothing more.
  std::string heard{};
  std::size_t streams = 0;          ///< Streams that are alive.
  std::function<void()> on_data{};  ///< Called just before data is given.
};

class ScriptedStream final : public Stream {
 public:
  ScriptedStream(Script& script, const asio::any_io_executor& executor)
      : script_(script), silence_(executor, asio::steady_timer::time_point::max()) {
    ++script_.streams;
  }
  ~ScriptedStream() override { --script_.streams; }
  ScriptedStream(const ScriptedStream&) = delete;
  ScriptedStream& operator=(const ScriptedStream&) = delete;

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into,
                                            Milliseconds /*deadline*/) override {
    if (!answered_) answer();
    const std::size_t size = std::min({into.size(), script_.piece, script_.says.size() - at_});
    if (size == 0 && script_.end == Script::End::silence) {
      co_await silence_.async_wait(asio::use_awaitable);
    }
    if (size == 0 && script_.end == Script::End::error) {
      co_return fail({.fault = ConnectFault::unreachable, .what = "reset"});
    }
    if (size > 0 && script_.on_data) script_.on_data();
    script_.says.copy(into.data(), size, at_);
    at_ += size;
    co_return size;
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds /*deadline*/) override {
    if (answered_ && script_.deaf) {
      co_return fail({.fault = ConnectFault::unreachable, .what = "broken pipe"});
    }
    script_.heard += data;
    co_return Result<void>();
  }

 private:
  void answer() {
    answered_ = true;
    const std::string head =
        script_.refusal.empty() ? test::upgrade_answer(script_.heard) : script_.refusal;
    script_.says.insert(0, head);
    script_.heard.clear();
  }

  Script& script_;
  asio::steady_timer silence_;
  bool answered_ = false;
  std::size_t at_ = 0;
};

struct Heard {
  std::vector<std::string> messages;
  bool regular_end = false;
  std::optional<RuntimeError> error;
};

class WebSocketTest : public testing::Test {
 protected:
  Result<WebSocketAnswer> open() {
    auto stream = std::make_unique<ScriptedStream>(script_, io_.get_executor());
    return test::run(io_,
                     open_websocket(std::move(stream), {"host", "/events", "unix:///x"}, limits_));
  }

  Heard hear() {
    Heard heard;
    auto answer = open();
    if (!answer || !answer->socket) {
      ADD_FAILURE() << (answer ? "refused" : answer.error().describe());
      return heard;
    }
    for (;;) {
      auto message = test::run(io_, answer->socket->read());
      if (!message) {
        heard.error = message.error();
        return heard;
      }
      if (!*message) {
        heard.regular_end = true;
        return heard;
      }
      heard.messages.push_back(std::move(**message));
    }
  }

  void expect_error(ErrorKind kind, ConnectFault fault) {
    const Heard heard = hear();
    ASSERT_TRUE(heard.error);
    EXPECT_EQ(heard.error->kind, kind) << *heard.error;
    EXPECT_EQ(heard.error->fault, fault) << *heard.error;
    EXPECT_EQ(heard.error->endpoint, "unix:///x");
  }

  /// Checks that nothing is left on the executor, and that the connection is closed.
  void TearDown() override {
    io_.restart();
    io_.poll();
    EXPECT_TRUE(io_.stopped());
    EXPECT_EQ(script_.streams, 0U);
  }

  asio::io_context io_;
  Script script_;
  WebSocketLimits limits_;
};

TEST_F(WebSocketTest, AsksForAnUpgrade) {
  script_.refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
  auto answer = open();
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->status, 403U);
  EXPECT_EQ(answer->body, "no");
  EXPECT_EQ(answer->socket, nullptr);
}

TEST_F(WebSocketTest, GivesWholeMessagesHoweverTheyComeInPieces) {
  const std::string big(300, 'x');
  const std::string says = frame(Frame::text, "one") + frame(Frame::first_of_text, "tw") +
                           frame(Frame::ping, "p") + frame(Frame::middle, "") +
                           frame(Frame::continuation, "o") + frame(Frame::text, big) +
                           close_frame(1000);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U, 100000U}) {
    script_ = {.says = says, .piece = piece};
    const Heard heard = hear();
    EXPECT_THAT(heard.messages, testing::ElementsAre("one", "two", big)) << piece;
    EXPECT_TRUE(heard.regular_end) << piece;
  }
}

TEST_F(WebSocketTest, AMessageMayBeLong) {
  const std::string big(70000, 'x');
  script_.says = frame(Frame::text, big) + close_frame(1000);
  EXPECT_THAT(hear().messages, testing::ElementsAre(big));
}

TEST_F(WebSocketTest, AnswersPings) {
  script_.says = frame(Frame::ping, "keepalive") + close_frame(1000);
  EXPECT_TRUE(hear().regular_end);
  ASSERT_GE(script_.heard.size(), 2U);
  EXPECT_EQ(static_cast<unsigned char>(script_.heard[0]), 0x8aU);       // a pong
  EXPECT_EQ(static_cast<unsigned char>(script_.heard[1]), 0x80U | 9U);  // masked
}

TEST_F(WebSocketTest, TheRegularCodesEndIt) {
  for (const std::uint16_t code : std::to_array<std::uint16_t>({1000, 1001, 1012})) {
    script_ = {.says = close_frame(code)};
    EXPECT_TRUE(hear().regular_end) << code;
  }
  script_ = {.says = frame(Frame::close, "")};
  EXPECT_TRUE(hear().regular_end);
}

TEST_F(WebSocketTest, OtherCodesAreErrors) {
  for (const std::uint16_t code :
       std::to_array<std::uint16_t>({1002, 1008, 1009, 1011, 1013, 4000})) {
    script_ = {.says = close_frame(code, "why\x1b")};
    const Heard heard = hear();
    ASSERT_TRUE(heard.error) << code;
    EXPECT_EQ(heard.error->kind, ErrorKind::unavailable) << code;
    EXPECT_THAT(heard.error->what, HasSubstr(fmt::format("{}: why\\x1b", code)));
  }
}

TEST_F(WebSocketTest, ACloseCountsAlsoWhereNobodyHearsTheAnswerToIt) {
  for (const std::string& says : {close_frame(1000), close_frame(1012), frame(Frame::close, "")}) {
    script_ = {.says = frame(Frame::text, "one") + says, .deaf = true};
    const Heard heard = hear();
    EXPECT_THAT(heard.messages, testing::ElementsAre("one"));
    EXPECT_TRUE(heard.regular_end) << heard.error.value_or(RuntimeError{});
  }
  script_ = {.says = close_frame(1011, "why"), .deaf = true};
  const Heard heard = hear();
  ASSERT_TRUE(heard.error);
  EXPECT_THAT(heard.error->what, HasSubstr("code 1011: why"));
}

TEST_F(WebSocketTest, AnEndWithoutACodeIsACut) {
  script_.says = frame(Frame::text, "one");
  expect_error(ErrorKind::unavailable, ConnectFault::unreachable);
  script_ = {.says = frame(Frame::text, "one").substr(0, 3)};
  expect_error(ErrorKind::unavailable, ConnectFault::unreachable);
}

TEST_F(WebSocketTest, WhatTheConnectionSaysWentWrongIsTheError) {
  script_.end = Script::End::error;
  auto answer = open();
  ASSERT_TRUE(answer && answer->socket);
  const auto message = test::run(io_, answer->socket->read());
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().what, "reset");
}

TEST_F(WebSocketTest, AMessageOverTheBoundIsAProtocolError) {
  limits_.max_message = 1000;
  script_.says = frame(Frame::text, std::string(1001, 'x'));
  expect_error(ErrorKind::protocol, ConnectFault::none);
  script_ = {.says = frame(Frame::first_of_text, std::string(600, 'x')) +
                     frame(Frame::continuation, std::string(600, 'x'))};
  expect_error(ErrorKind::protocol, ConnectFault::none);
}

TEST_F(WebSocketTest, WhatIsNoWebSocketIsAProtocolError) {
  for (const std::string& says :
       {std::string(20, '\xff'), frame(Frame::middle, "x"), std::string("\x81\x81maskx"),
        frame(Frame::text, "\xff\xfe"), frame(Frame::ping, std::string(126, 'p'))}) {
    script_ = {.says = says};
    expect_error(ErrorKind::protocol, ConnectFault::none);
  }
}

TEST_F(WebSocketTest, AnAnswerThatIsNotHttpIsNotThisApi) {
  script_.refusal = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
  const auto answer = open();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ConnectFault::not_this_api) << answer.error();
}

TEST_F(WebSocketTest, AnUpgradeThatIsNotOursIsRefused) {
  script_.refusal =
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ml06LzO/1b1mVSoIk0WuZdTbkKk=\r\n\r\n";
  const auto answer = open();
  EXPECT_TRUE(!answer || !answer->socket);
}

TEST_F(WebSocketTest, AHandshakeThatIsNotAnsweredIsMute) {
  limits_.handshake = 50ms;
  script_.refusal = "HTTP/1.1 101";
  script_.end = Script::End::silence;
  const auto answer = open();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ConnectFault::mute) << answer.error();
}

TEST_F(WebSocketTest, ASilentOneIsPingedAndThenGivenUp) {
  limits_.idle = 60ms;
  script_.end = Script::End::silence;
  expect_error(ErrorKind::unavailable, ConnectFault::mute);
  ASSERT_FALSE(script_.heard.empty());
  EXPECT_EQ(static_cast<unsigned char>(script_.heard[0]), 0x89U);  // a ping
}

TEST_F(WebSocketTest, CancellingARead) {
  script_.end = Script::End::silence;
  auto answer = open();
  ASSERT_TRUE(answer && answer->socket);
  asio::cancellation_signal cancel;
  std::exception_ptr thrown;
  asio::co_spawn(io_, answer->socket->read(),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& e,
                                        Result<std::optional<std::string>>) { thrown = e; }));
  io_.restart();
  io_.poll();
  EXPECT_FALSE(thrown);
  cancel.emit(asio::cancellation_type::terminal);
  io_.restart();
  io_.poll();
  EXPECT_TRUE(thrown);
}

TEST_F(WebSocketTest, CancellingAReadThatJustGotAPartOfAMessage) {
  script_.end = Script::End::silence;
  auto answer = open();
  ASSERT_TRUE(answer && answer->socket);
  asio::cancellation_signal cancel;
  script_.says += frame(Frame::first_of_text, "half");
  script_.on_data = [&] { cancel.emit(asio::cancellation_type::terminal); };
  std::exception_ptr thrown;
  asio::co_spawn(io_, answer->socket->read(),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& e,
                                        Result<std::optional<std::string>>) { thrown = e; }));
  io_.restart();
  io_.poll();
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace rollcall
