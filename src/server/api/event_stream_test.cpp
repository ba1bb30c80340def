// /v1/events, from the request to the text that a subscriber gets.
#include "server/api/event_stream.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/api_fixture.hpp"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using test::unique_id;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class ServerEvents : public test::ApiTest {
 protected:
  void run(HubOptions options = {}) {
    make_api(std::move(options));
    put(engine("unix:///e"), "web");
    add(engine("unix:///e"));
    settle();
  }

  std::shared_ptr<LiveBody> subscribe(const std::string& target = "/v1/events",
                                      const Headers& headers = {}) {
    Reply reply = ask(target, headers);
    EXPECT_EQ(reply.status, 200U) << *reply.body;
    return reply.live;
  }

  /// The stream after its opening.
  std::shared_ptr<LiveBody> opened(const std::string& target = "/v1/events",
                                   const Headers& headers = {}) {
    auto live = subscribe(target, headers);
    next(live);
    return live;
  }

  std::string cursor() { return to_string(hub_->cursor()); }

  static Headers lines() { return {{"accept", "application/x-ndjson"}}; }

  void pause_instance(const std::string& name, InstanceState state) {
    auto instance = std::make_shared<Instance>(*test::container_at(engine("unix:///e"), name));
    instance->state = state;
    engine("unix:///e").put(instance);
    engine("unix:///e").touch(unique_id(name), RunMark::changed);
    settle();
  }
};

TEST_F(ServerEvents, BeginWithTheirPosition) {
  run();
  EXPECT_EQ(said(subscribe()), "retry: 2000\nid: " + cursor() + "\n\n");
  EXPECT_EQ(said(subscribe("/v1/events", lines())),
            "{\"cursor\":\"" + cursor() + "\",\"type\":\"bookmark\"}\n");
}

TEST_F(ServerEvents, ComeAsServerSentEvents) {
  run();
  const Reply reply = ask("/v1/events");
  EXPECT_EQ(reply.type, "text/event-stream");
  EXPECT_EQ(header(reply, "Cache-Control"), "no-store");
  const auto live = opened();
  put(engine("unix:///e"), "db");
  const std::string frame = said(live);
  EXPECT_THAT(frame, StartsWith("id: " + cursor() + "\nevent: started\ndata: {\"cursor\":\""));
  EXPECT_TRUE(frame.ends_with("}\n\n"));
  EXPECT_EQ(std::ranges::count(frame, '\n'), 4);
}

TEST_F(ServerEvents, ComeAsJsonLines) {
  run();
  EXPECT_EQ(ask("/v1/events", lines()).type, "application/x-ndjson");
  EXPECT_EQ(ask("/v1/events", {{"accept", "application/jsonl"}}).type, "application/jsonl");
  const auto live = opened("/v1/events", lines());
  put(engine("unix:///e"), "db");
  end(engine("unix:///e"), "web");
  settle();
  const std::string text = said(live);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  const auto first = boost::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first.at("type").as_string(), "started");
  EXPECT_EQ(first.at("instance").at("name").as_string(), "db");
  const auto second = boost::json::parse(text.substr(text.find('\n') + 1));
  EXPECT_EQ(second.at("type").as_string(), "stopped");
  EXPECT_EQ(second.at("cursor").as_string(), cursor());
}

TEST_F(ServerEvents, OneChangeIsOneTextForAllWhoFollow) {
  run();
  for (const Headers& headers : {Headers{}, lines()}) {
    const auto first = opened("/v1/events", headers);
    const auto second = opened("/v1/events?name=w*", headers);
    const bool paused = headers.empty();
    pause_instance("web", paused ? InstanceState::paused : InstanceState::running);
    const SharedText text = next(first);
    EXPECT_NE(text, nullptr);
    EXPECT_EQ(next(second), text);
  }
}

TEST_F(ServerEvents, GoOnFromACursor) {
  run();
  const std::string listed = header(ask("/v1/instances"), "Rollcall-Cursor");
  put(engine("unix:///e"), "db");
  settle();
  const auto live = opened("/v1/events?since=" + listed);
  EXPECT_THAT(said(live), HasSubstr("\"name\":\"db\""));
  EXPECT_EQ(next(live), nullptr) << "that was all";
}

TEST_F(ServerEvents, GoOnFromTheLastIdWhateverTheUrlSays) {
  run();
  put(engine("unix:///e"), "db");
  settle();
  const std::string last = cursor();
  put(engine("unix:///e"), "cache");
  settle();
  const auto live = opened("/v1/events?since=1-1", {{"last-event-id", last}});
  const std::string text = said(live);
  EXPECT_THAT(text, HasSubstr("\"name\":\"cache\""));
  EXPECT_THAT(text, Not(HasSubstr("\"name\":\"db\"")));
}

TEST_F(ServerEvents, AreGoneIfTheCursorIsTooOld) {
  run({.log = {.entries = 2}});
  const std::string old = cursor();
  for (const char* name : {"a", "b", "c", "d"}) put(engine("unix:///e"), name);
  settle();
  const Reply reply = ask("/v1/events?since=" + old);
  EXPECT_EQ(reply.status, 410U);
  EXPECT_EQ(body(reply).at("reason").as_string(), "too_old");
  EXPECT_EQ(body(reply).at("missed").as_int64(), 2);
  EXPECT_EQ(body(reply).at("newest").as_string(), cursor());
  EXPECT_THAT(problem_of("/v1/events?since=7-7", 410), HasSubstr("another run of the daemon"));
}

TEST_F(ServerEvents, WantACursorThatIsOne) {
  run();
  EXPECT_THAT(problem_of("/v1/events?since=yesterday", 400), HasSubstr("is no cursor"));
  EXPECT_THAT(problem_of("/v1/events", 400, {{"last-event-id", "x"}}), HasSubstr("is no cursor"));
  EXPECT_THAT(problem_of("/v1/events", 406, {{"accept", "text/html"}}), HasSubstr("x-ndjson"));
  EXPECT_THAT(problem_of("/v1/events?name=", 400), HasSubstr("needs a value"));
}

TEST_F(ServerEvents, AreForNoMoreThanTheLimit) {
  options_.limits.subscribers = 2;
  run();
  auto first = subscribe();
  const auto second = subscribe();
  EXPECT_EQ(stats_.subscribers, 2U);
  EXPECT_THAT(problem_of("/v1/events", 503), HasSubstr("too many subscribers"));
  first.reset();
  EXPECT_EQ(stats_.subscribers, 1U);
  EXPECT_NE(subscribe(), nullptr);
}

TEST_F(ServerEvents, TellASlowReaderWhatItHasLost) {
  run({.log = {.entries = 3}});
  const auto slow = opened();
  const auto fast = opened();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    put(engine("unix:///e"), name);
    settle();
    EXPECT_THAT(said(fast), HasSubstr(std::string("\"name\":\"") + name + "\""));
  }
  const std::string text = said(slow);
  EXPECT_THAT(text, StartsWith("id: " + cursor() + "\nevent: lagged\ndata: {"));
  EXPECT_THAT(text, HasSubstr("\"missed\":2"));
  EXPECT_THAT(text, HasSubstr("list again"));
  EXPECT_EQ(next(slow), nullptr) << "the stream ends";
  EXPECT_EQ(stats_.lagged, 1U);
}

TEST_F(ServerEvents, AreMadeOnceForAll) {
  run();
  const auto first = opened();
  const auto second = opened();
  put(engine("unix:///e"), "db");
  settle();
  const SharedText text = next(first);
  ASSERT_TRUE(text);
  EXPECT_EQ(next(second), text);
}

TEST_F(ServerEvents, AreFiltered) {
  run();
  const auto live = opened("/v1/events?name=web");
  put(engine("unix:///e"), "db");
  settle();
  EXPECT_EQ(next(live), nullptr);
  live->close();
  settle();
}

TEST_F(ServerEvents, TellOnceMoreOfAnInstanceThatLeavesTheFilter) {
  run();
  const auto live = opened("/v1/events?state=running");
  pause_instance("web", InstanceState::paused);
  EXPECT_THAT(said(live), HasSubstr("\"state\":\"paused\""));
  pause_instance("web", InstanceState::restarting);
  EXPECT_EQ(next(live), nullptr);
  live->close();
  settle();
}

TEST_F(ServerEvents, TellOfBackendsWhateverTheFilter) {
  run();
  const auto live = opened("/v1/events?name=nothing");
  kill(engine("unix:///e"));
  settle();
  const std::string text = said(live);
  EXPECT_THAT(text, HasSubstr("event: backend_disconnected\n"));
  EXPECT_THAT(text, HasSubstr("\"endpoint\":\"unix:///e\""));
}

TEST_F(ServerEvents, HaveAHeartbeatWithThePosition) {
  options_.limits.heartbeat = 20ms;
  run();
  const auto live = opened("/v1/events?name=nothing");
  put(engine("unix:///e"), "db");
  settle();
  auto text = std::make_shared<SharedText>();
  boost::asio::co_spawn(io_, live->next(), [text](const std::exception_ptr&, SharedText said) {
    *text = std::move(said);
  });
  io_.restart();
  while (!*text) io_.run_one();
  EXPECT_EQ(**text, ": heartbeat\nid: " + cursor() + "\n\n");
}

TEST_F(ServerEvents, EndWithTheHub) {
  run();
  const auto live = opened();
  bool ended = false;
  boost::asio::co_spawn(io_, live->next(), [&ended](const std::exception_ptr&, SharedText text) {
    ended = text == nullptr;
  });
  settle();
  EXPECT_FALSE(ended);
  stop();
  EXPECT_TRUE(ended);
  hub_.reset();
}

TEST(ServerChangeTexts, AreBoundedAndKeepTheNewest) {
  ChangeTexts texts(2000);
  const auto entry = [](std::uint64_t sequence) {
    return LogEntry{.sequence = sequence,
                    .before = nullptr,
                    .event = BackendReconnected{std::string(100, 'x'), "e"}};
  };
  const SharedText first = texts.frame(entry(1), 7);
  EXPECT_EQ(texts.frame(entry(1), 7), first);
  for (std::uint64_t i = 2; i < 50; ++i) static_cast<void>(texts.frame(entry(i), 7));
  EXPECT_EQ(first.use_count(), 1) << "it is no longer kept";
  const SharedText newest = texts.frame(entry(49), 7);
  EXPECT_EQ(*texts.frame(entry(1), 7), *first) << "one who catches up gets it anew";
  EXPECT_EQ(texts.frame(entry(49), 7), newest) << "and pushes nothing out";
  EXPECT_THAT(std::string(ChangeTexts::line_in(*newest)), MatchesRegex("\\{.*\\}\n"));
}

}  // namespace
}  // namespace rollcall::server
