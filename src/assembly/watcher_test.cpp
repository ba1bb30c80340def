// The façade on a scripted engine, with the threads that a program has.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/watcher.hpp>

#include "support/http_server.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using test::http_answer;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto deadline = 20s;

std::string container(const std::string& id) {
  return fmt::format(R"({{"Id":"{0}","Names":["/{0}"],"Image":"i","State":"running"}})", id);
}

/// An engine with containers, on a thread of its own; its stream of events is silent.
class ScriptedEngine {
 public:
  explicit ScriptedEngine(std::string list, bool mute = false)
      : list_(std::move(list)), mute_(mute) {}
  ~ScriptedEngine() {
    io_.stop();
    thread_.join();
  }
  ScriptedEngine(const ScriptedEngine&) = delete;
  ScriptedEngine& operator=(const ScriptedEngine&) = delete;

  [[nodiscard]] Engine engine(std::string alias = {}) const {
    return {RuntimeBackendKind::docker, url_, std::move(alias)};
  }

 private:
  [[nodiscard]] std::string answer(const std::string& target) const {
    if (mute_) return "<hold>";
    if (target == "/_ping") {
      return http_answer("OK", 200, "Server: Docker/28.5.2 (linux)\r\nApi-Version: 1.51\r\n");
    }
    if (target.contains("/events")) {
      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<hold>";
    }
    return http_answer(list_);
  }

  std::string list_;
  bool mute_;
  boost::asio::io_context io_{1};
  test::HttpServer server_{io_, [this](const std::string& target) { return answer(target); }};
  std::string url_ = server_.url();
  std::thread thread_{[this] { io_.run(); }};
};

/// Records the calls of the callbacks, for tests that wait for them.
class Diary {
 public:
  WatcherOptions options(std::vector<Engine> engines) {
    WatcherOptions options;
    options.engines = std::move(engines);
    options.on_event = [this](const RuntimeEvent& event) { note(event); };
    options.on_synced = [this](const Engine& engine) { write("synced " + engine.alias); };
    return options;
  }

  void note(const RuntimeEvent& event) {
    const InstanceKey* key = key_of(event);
    write(std::string(type_of(event)) + (key == nullptr ? "" : " " + key->endpoint + key->id));
  }

  void write(std::string line) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  bool wait_for(std::size_t lines) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return lines_.size() >= lines; });
  }

  std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class WatcherTest : public testing::Test {
 protected:
  static std::string two() { return "[" + container("a") + "," + container("b") + "]"; }

  ScriptedEngine engine_{two()};
  Diary diary_;
};

TEST_F(WatcherTest, TellsWhatRunsAndThenThatThisWasAll) {
  Watcher watcher(diary_.options({engine_.engine("x/")}));
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(3));
  watcher.stop();
  EXPECT_THAT(diary_.lines(), ElementsAre("started x/a", "started x/b", "synced x/"));
}

TEST_F(WatcherTest, SeveralEnginesAreWatchedSideBySide) {
  const ScriptedEngine other("[" + container("c") + "]");
  const Engine absent{RuntimeBackendKind::docker, "unix:///nowhere/rollcall.sock", "z/"};
  Watcher watcher(diary_.options({engine_.engine("x/"), other.engine("y/"), absent}));
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(6));
  watcher.stop();
  const auto lines = diary_.lines();
  for (const char* line : {"started x/a", "started x/b", "synced x/", "started y/c", "synced y/",
                           "backend_disconnected"}) {
    EXPECT_THAT(lines, Contains(line).Times(1));
  }
}

TEST_F(WatcherTest, TheHostIsWatchedWhenAllOthersWereTried) {
  const Engine host{RuntimeBackendKind::host, "", "host/"};
  const Engine absent{RuntimeBackendKind::docker, "unix:///nowhere/rollcall.sock", "z/"};
  Watcher watcher(diary_.options({host, engine_.engine("x/"), absent}));
  ASSERT_EQ(watcher.start(), std::nullopt);
  const auto index = [this](const std::string& line) {
    const auto lines = diary_.lines();
    return std::ranges::find(lines, line) - lines.begin();
  };
  // What listens on this host is unknown; only the end of its list is certain.
  for (std::size_t lines = 1; index("synced host/") == std::ssize(diary_.lines()); ++lines) {
    ASSERT_TRUE(diary_.wait_for(lines));
  }
  watcher.stop();
  EXPECT_LT(index("synced x/"), index("synced host/"));
  EXPECT_LT(index("backend_disconnected"), index("synced host/"));
}

TEST_F(WatcherTest, StartsOnceAndStopsAsOftenAsOneLikes) {
  Watcher watcher(diary_.options({engine_.engine()}));
  watcher.stop();
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(3));
  watcher.stop();
  watcher.stop();
  EXPECT_THAT(diary_.lines(), SizeIs(3));
}

TEST_F(WatcherTest, BeginsAnewAfterAStop) {
  Watcher watcher(diary_.options({engine_.engine()}));
  for (const std::size_t lines : {3U, 6U}) {
    ASSERT_EQ(watcher.start(), std::nullopt);
    ASSERT_TRUE(diary_.wait_for(lines));
    watcher.stop();
  }
  const auto lines = diary_.lines();
  EXPECT_THAT(std::vector(lines.begin() + 3, lines.end()),
              ElementsAre("started " + engine_.engine().endpoint + "a",
                          "started " + engine_.engine().endpoint + "b", "synced "));
}

TEST_F(WatcherTest, ACallbackThatStopsItIsTheLast) {
  WatcherOptions options = diary_.options({engine_.engine("x/")});
  std::unique_ptr<Watcher> watcher;
  std::optional<RuntimeError> again;
  options.on_event = [&](const RuntimeEvent& event) {
    watcher->stop();
    again = watcher->start();
    diary_.note(event);
  };
  watcher = std::make_unique<Watcher>(std::move(options));
  ASSERT_EQ(watcher->start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(1));
  watcher->stop();
  EXPECT_THAT(diary_.lines(), ElementsAre("started x/a"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->kind, ErrorKind::busy);
  EXPECT_EQ(watcher->start(), std::nullopt);  // allowed outside of a callback
}

TEST_F(WatcherTest, ACallbackMayDestroyIt) {
  WatcherOptions options = diary_.options({engine_.engine("x/")});
  std::mutex mutex;  // as a program needs to share a watcher between threads
  std::unique_ptr<Watcher> watcher;
  options.on_event = [&](const RuntimeEvent& event) {
    {
      const std::scoped_lock lock(mutex);
      watcher.reset();
    }
    diary_.note(event);
  };
  {
    const std::scoped_lock lock(mutex);
    watcher = std::make_unique<Watcher>(std::move(options));
    ASSERT_EQ(watcher->start(), std::nullopt);
  }
  ASSERT_TRUE(diary_.wait_for(1));
  EXPECT_THAT(diary_.lines(), ElementsAre("started x/a"));
}

TEST_F(WatcherTest, StopWaitsForTheCallbackThatRuns) {
  WatcherOptions options = diary_.options({engine_.engine()});
  std::atomic<bool> inside = false;
  std::atomic<bool> stopped = false;
  std::thread stopper;
  Watcher* running = nullptr;
  options.on_event = [&](const RuntimeEvent&) {
    inside = true;
    stopper = std::thread([&] {
      running->stop();
      stopped = true;
      EXPECT_FALSE(inside);
    });
    std::this_thread::yield();
    EXPECT_FALSE(stopped);
    diary_.write("told");
    inside = false;
    running->stop();  // while another thread waits in it
  };
  Watcher watcher(std::move(options));
  running = &watcher;
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(1));
  watcher.stop();
  stopper.join();
  EXPECT_THAT(diary_.lines(), ElementsAre("told"));
}

TEST_F(WatcherTest, ItsDestructorStops) {
  {
    Watcher watcher(diary_.options({engine_.engine()}));
    ASSERT_EQ(watcher.start(), std::nullopt);
    ASSERT_TRUE(diary_.wait_for(1));
  }
  // The diary is destroyed next: a callback that still came would be seen by the sanitizers.
}

TEST_F(WatcherTest, LogsUntilItIsStopped) {
  WatcherOptions options =
      diary_.options({{RuntimeBackendKind::docker, "unix:///nowhere/rollcall.sock", ""}});
  options.log = [&](LogLevel, std::string_view) { diary_.write("log"); };
  Watcher watcher(std::move(options));
  ASSERT_EQ(watcher.start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(2));
  watcher.stop();
  EXPECT_THAT(diary_.lines(), Contains("log"));
}

TEST_F(WatcherTest, WhatCanNeverWorkIsSaidAtOnce) {
  const Engine unheard_of{RuntimeBackendKind::docker, "carrier-pigeon://x", ""};
  Watcher wrong(diary_.options({engine_.engine(), unheard_of}));
  auto error = wrong.start();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::invalid_config);

  Watcher nothing(diary_.options({}));
  error = nothing.start();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::invalid_config);
  EXPECT_THAT(diary_.lines(), IsEmpty());
}

TEST_F(WatcherTest, ListsWithoutAStart) {
  const Watcher watcher(diary_.options({engine_.engine("x/"), engine_.engine("x/")}));
  const Listing listing = watcher.list();
  EXPECT_TRUE(listing.complete());
  ASSERT_THAT(listing.instances, SizeIs(2));
  EXPECT_EQ(listing.instances.front()->name, "a");
  EXPECT_EQ(listing.instances.back()->name, "b");
  EXPECT_THAT(diary_.lines(), IsEmpty());
}

TEST_F(WatcherTest, AListNamesTheEnginesThatAreMissingInIt) {
  const ScriptedEngine mute("", true);
  const Engine absent{RuntimeBackendKind::docker, "unix:///nowhere/rollcall.sock", "absent"};
  const Engine wrong{RuntimeBackendKind::docker, "carrier-pigeon://x", "wrong"};
  const Watcher watcher(diary_.options({mute.engine("mute"), absent, wrong, engine_.engine()}));
  const Listing listing = watcher.list(300ms);
  EXPECT_FALSE(listing.complete());
  EXPECT_THAT(listing.instances, SizeIs(2));
  ASSERT_THAT(listing.errors, SizeIs(3));
  EXPECT_EQ(listing.errors[0].engine.alias, "mute");
  EXPECT_EQ(listing.errors[0].error.fault, ConnectFault::mute);
  EXPECT_EQ(listing.errors[1].error.fault, ConnectFault::missing);
  EXPECT_EQ(listing.errors[2].error.kind, ErrorKind::invalid_config);
}

TEST_F(WatcherTest, ACallbackMayList) {
  WatcherOptions options = diary_.options({engine_.engine()});
  std::unique_ptr<Watcher> watcher;
  options.on_synced = [&](const Engine&) {
    diary_.write(fmt::format("{} listed", watcher->list().instances.size()));
  };
  watcher = std::make_unique<Watcher>(std::move(options));
  ASSERT_EQ(watcher->start(), std::nullopt);
  ASSERT_TRUE(diary_.wait_for(3));
  EXPECT_EQ(diary_.lines().back(), "2 listed");
}

}  // namespace
}  // namespace rollcall
