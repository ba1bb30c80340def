#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <rollcall/channel.hpp>

#include "support/fake_engine.hpp"

namespace rollcall {
namespace {

class ChannelTest : public testing::Test {
 protected:
  /// Starts a receive; the result is there as soon as it completes.
  void receive() {
    received_.reset();
    boost::asio::co_spawn(
        io_, channel_->receiver.receive(),
        [this](const std::exception_ptr&, auto event) { received_ = std::move(event); });
    poll();
  }
  void poll() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
  std::optional<EventChannel> channel_ = make_event_channel(io_.get_executor());
  std::optional<std::optional<RuntimeEvent>> received_;
};

TEST_F(ChannelTest, AWaitingConsumerGetsTheEvent) {
  receive();
  EXPECT_FALSE(received_);
  channel_->sender.send(Started{test::make_instance("1", "a"), Cause::live});
  poll();
  ASSERT_TRUE(received_ && *received_);
  EXPECT_EQ(type_of(**received_), "started");
}

TEST_F(ChannelTest, TheLastSenderEndsTheStreamAfterAllWasTaken) {
  std::optional<EventSender> copy = channel_->sender;
  std::optional<EventSender> sender = std::move(channel_->sender);
  sender->send(BackendDisconnected{"x", "", "y"});
  sender.reset();
  copy.reset();
  receive();
  ASSERT_TRUE(received_ && *received_);
  receive();
  ASSERT_TRUE(received_);
  EXPECT_FALSE(*received_);
}

TEST_F(ChannelTest, ClosingWakesTheSender) {
  bool closed = false;
  boost::asio::co_spawn(io_, channel_->sender.wait_closed(),
                        [&](const std::exception_ptr&) { closed = true; });
  poll();
  EXPECT_FALSE(closed);
  channel_->receiver.close();
  poll();
  EXPECT_TRUE(closed);
  EXPECT_TRUE(channel_->sender.closed());
}

TEST_F(ChannelTest, SyncedIsReachedInOrder) {
  channel_->sender.send(BackendDisconnected{"x", "", "y"});
  channel_->sender.synced();
  EXPECT_TRUE(channel_->receiver.try_receive());
  EXPECT_FALSE(channel_->receiver.synced());
  EXPECT_FALSE(channel_->receiver.try_receive());
  EXPECT_TRUE(channel_->receiver.synced());
}

}  // namespace
}  // namespace rollcall
