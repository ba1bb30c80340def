// Which readers are woken when, and that none is forgotten.
#include "engine/subscription.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class LogReadersTest : public testing::Test {
 protected:
  /// Reads until it is closed.
  struct Reader {
    explicit Reader(Subscription its) : subscription(std::move(its)) {}
    Subscription subscription;
    std::vector<std::uint64_t> read{};
    std::size_t batches = 0;
  };

  void make_readers(std::size_t count, Duration gather = {}) {
    readers_ = std::make_shared<LogReaders>(io_.get_executor(), ChangeLog(1, {}), gather);
    for (std::size_t i = 0; i < count; ++i) add_reader();
    settle();
  }

  void add_reader() {
    auto reader = std::make_unique<Reader>(readers_->subscribe(readers_->log().newest()).value());
    asio::co_spawn(io_, follow(*reader), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    all_.push_back(std::move(reader));
  }

  static asio::awaitable<void> follow(Reader& reader) {
    for (;;) {
      auto waiting = reader.subscription.next();
      auto batch = co_await std::move(waiting);
      if (!batch || batch->empty()) co_return;
      ++reader.batches;
      for (const LogEntryPtr& entry : *batch) reader.read.push_back(entry->sequence);
    }
  }

  void append() { readers_->append(BackendReconnected{"docker", "e"}, Timestamp{}); }

  void settle() {
    io_.restart();
    io_.poll();
  }

  void TearDown() override {
    readers_->close();
    settle();
  }

  asio::io_context io_{1};
  std::shared_ptr<LogReaders> readers_;
  std::vector<std::unique_ptr<Reader>> all_;
};

TEST_F(LogReadersTest, AllAreToldHoweverManyThereAre) {
  make_readers(1000);
  append();
  settle();
  append();
  append();
  settle();
  for (const auto& reader : all_) {
    EXPECT_EQ(reader->read, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(reader->batches, 2U) << "what comes in one turn is told at once";
  }
}

TEST_F(LogReadersTest, OthersHaveTheirTurnWhileManyAreTold) {
  make_readers(1000);
  append();
  std::size_t told = 0;
  asio::post(io_, [&] {
    asio::post(io_, [&] {
      told = static_cast<std::size_t>(
          std::ranges::count_if(all_, [](const auto& reader) { return !reader->read.empty(); }));
      append();  // while a round is under way
    });
  });
  settle();
  EXPECT_LT(told, 200U);
  for (const auto& reader : all_) EXPECT_EQ(reader->read.size(), 2U);
}

TEST_F(LogReadersTest, WhoLeavesOrComesDuringARoundDisturbsNobody) {
  make_readers(300);
  append();
  asio::post(io_, [&] {
    for (std::size_t i = 0; i < all_.size(); i += 2) all_[i]->subscription.close();
    for (int i = 0; i < 100; ++i) add_reader();
  });
  settle();
  append();
  settle();
  for (std::size_t i = 1; i < 300; i += 2) EXPECT_EQ(all_[i]->read.size(), 2U) << i;
  for (std::size_t i = 300; i < all_.size(); ++i) EXPECT_EQ(all_[i]->read.size(), 1U) << i;
}

TEST_F(LogReadersTest, ABurstIsGathered) {
  make_readers(2, 20ms);
  append();
  settle();
  EXPECT_EQ(all_.front()->read.size(), 1U) << "the first change waits for nothing";
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) {
    append();
    settle();
  }
  while (all_.front()->read.size() < 11) {
    io_.restart();
    io_.run_one();
  }
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 0ms);
  settle();
  for (const auto& reader : all_) {
    EXPECT_EQ(reader->read.size(), 11U);
    EXPECT_LE(reader->batches, 3U) << "ten changes, one after the other, are told together";
  }
}

}  // namespace
}  // namespace rollcall
