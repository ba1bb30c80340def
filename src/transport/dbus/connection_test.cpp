#include "transport/dbus/connection.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/scripted_systemd.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds brief{80};
constexpr Milliseconds long_enough{20'000};

DbusCall get_version() {
  return {.destination = "org.freedesktop.systemd1",
          .path = "/org/freedesktop/systemd1",
          .interface = "org.freedesktop.DBus.Properties",
          .member = "Get",
          .texts = {"org.freedesktop.systemd1.Manager", "Version"}};
}

class DbusTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Dbus>> connect(Milliseconds deadline = long_enough) {
    const Endpoint endpoint{
        .scheme = Endpoint::Scheme::unix_socket, .path = systemd_.socket(), .host = {}};
    return test::run(io_, Dbus::connect(endpoint, deadline));
  }

  std::unique_ptr<Dbus> connected() {
    auto bus = connect();
    if (!bus) throw std::runtime_error(bus.error().describe());
    return std::move(*bus);
  }

  DbusReply call(Dbus& bus, DbusCall what, Milliseconds deadline = long_enough) {
    std::optional<DbusReply> reply;
    boost::asio::co_spawn(io_, bus.call(std::move(what), deadline),
                          [&](const std::exception_ptr&, DbusReply came) { reply = came; });
    run_until([&] { return reply.has_value(); });
    return *reply;
  }

  template <class Condition>
  void run_until(Condition condition) {
    io_.restart();
    while (!condition() && io_.run_one_for(long_enough) > 0) {
    }
    ASSERT_TRUE(condition());
  }

  boost::asio::io_context io_;
  test::ScriptedSystemd systemd_{io_};
};

TEST_F(DbusTest, ACallIsAnswered) {
  const auto bus = connected();
  const DbusReply reply = call(*bus, get_version());
  ASSERT_TRUE(reply.has_value());
  DbusReader reader(*reply);
  EXPECT_EQ(reader.enter_variant(), "s");
  EXPECT_EQ(reader.text(), "257 (scripted)");
  EXPECT_TRUE(reader.ok());
}

TEST_F(DbusTest, WhatIsOfAnotherTypeThanExpectedFailsForGood) {
  const auto bus = connected();
  const DbusReply reply = call(*bus, get_version());
  ASSERT_TRUE(reply.has_value());
  DbusReader reader(*reply);
  EXPECT_EQ(reader.number(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.enter_variant(), "");
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
}

TEST_F(DbusTest, AnErrorIsAValue) {
  const auto bus = connected();
  systemd_.error = "org.freedesktop.DBus.Error.AccessDenied";
  const DbusReply reply = call(*bus, get_version());
  ASSERT_FALSE(reply.has_value());
  EXPECT_TRUE(reply.error().denied());
  const RuntimeError error = reply.error().at(bus->url(), "ask");
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.what, "cannot ask: as the test wants it");
}

TEST_F(DbusTest, ACallThatNobodyAnswersEndsAtItsDeadline) {
  const auto bus = connected();
  systemd_.mute = true;
  const DbusReply reply = call(*bus, get_version(), brief);
  ASSERT_FALSE(reply.has_value());
  EXPECT_TRUE(reply.error().no_answer()) << reply.error().name;
}

TEST_F(DbusTest, ACallWithANameThatIsNoneFailsAtOnce) {
  const auto bus = connected();
  DbusCall wrong = get_version();
  wrong.path = "no path";
  EXPECT_FALSE(call(*bus, std::move(wrong)).has_value());
}

TEST_F(DbusTest, OfManyCallsThirtyTwoAreInFlight) {
  const auto bus = connected();
  systemd_.hold_answers = true;
  constexpr std::size_t count = 100;
  std::vector<std::size_t> came;
  bool ended = false;
  Dbus::MakeCall make = [](std::size_t) { return get_version(); };
  Dbus::TakeReply take = [&](std::size_t index, const DbusReply& reply) {
    EXPECT_TRUE(reply.has_value());
    came.push_back(index);
  };
  boost::asio::co_spawn(io_, bus->call_all(count, make, take, long_enough),
                        [&](const std::exception_ptr&) { ended = true; });
  run_until([&] { return systemd_.most_waiting == Dbus::most_in_flight; });
  io_.poll();
  EXPECT_EQ(systemd_.most_waiting, Dbus::most_in_flight);
  EXPECT_EQ(systemd_.calls.size(), Dbus::most_in_flight);
  systemd_.hold_answers = false;
  systemd_.answer_held();
  run_until([&] { return ended; });
  EXPECT_EQ(came.size(), count);
  EXPECT_TRUE(std::ranges::is_sorted(came));
}

TEST_F(DbusTest, NoCallsAreDoneAtOnce) {
  const auto bus = connected();
  bool ended = false;
  boost::asio::co_spawn(io_, bus->call_all(0, {}, {}, long_enough),
                        [&](const std::exception_ptr&) { ended = true; });
  run_until([&] { return ended; });
}

TEST_F(DbusTest, CallsUnderWayFailWhenTheConnectionBreaks) {
  const auto bus = connected();
  systemd_.mute = true;
  std::optional<RuntimeError> end;
  bus->on_end([&](const RuntimeError& error) { end = error; });
  std::size_t failed = 0;
  bool ended = false;
  Dbus::TakeReply take = [&](std::size_t, const DbusReply& reply) { failed += reply ? 0 : 1; };
  boost::asio::co_spawn(io_,
                        bus->call_all(
                            40, [](std::size_t) { return get_version(); }, take, long_enough),
                        [&](const std::exception_ptr&) { ended = true; });
  run_until([&] { return systemd_.calls.size() == Dbus::most_in_flight; });
  systemd_.drop_connections();
  run_until([&] { return ended && end.has_value(); });
  EXPECT_EQ(failed, 40U);
  EXPECT_EQ(end->kind, ErrorKind::unavailable);
}

TEST_F(DbusTest, ACancelledCallLeavesNothingAndItsLateAnswerIsForNobody) {
  auto bus = connected();
  systemd_.hold_answers = true;
  boost::asio::cancellation_signal cancel;
  bool ended = false;
  boost::asio::co_spawn(
      io_, bus->call(get_version(), long_enough),
      boost::asio::bind_cancellation_slot(
          cancel.slot(), [&](const std::exception_ptr&, const DbusReply&) { ended = true; }));
  run_until([&] { return systemd_.most_waiting == 1; });
  cancel.emit(boost::asio::cancellation_type::terminal);
  run_until([&] { return ended; });
  systemd_.hold_answers = false;
  systemd_.answer_held();
  EXPECT_TRUE(call(*bus, get_version()).has_value());
}

TEST_F(DbusTest, SignalsAreHandedOnInOrder) {
  const auto bus = connected();
  std::vector<std::string> members;
  bus->on_signal([&](const DbusMessage& signal) { members.emplace_back(signal.member()); });
  systemd_.units["web.service"];
  systemd_.tell_reloading(true);
  systemd_.tell_changed("web.service");
  systemd_.tell_removed("web.service");
  run_until([&] { return members.size() == 4; });
  EXPECT_THAT(members, testing::ElementsAre("Reloading", "PropertiesChanged", "PropertiesChanged",
                                            "UnitRemoved"));
}

TEST_F(DbusTest, DestroyedItLeavesNothingOnTheExecutor) {
  auto bus = connected();
  bus.reset();
  systemd_.refuse();
  systemd_.drop_connections();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(io_.stopped());
}

TEST_F(DbusTest, ConnectingSaysWhatIsWrong) {
  struct Row {
    void (test::ScriptedSystemd::*make)();
    ConnectFault fault;
  };
  for (const Row& row : {Row{&test::ScriptedSystemd::hide, ConnectFault::missing},
                         Row{&test::ScriptedSystemd::fill_backlog, ConnectFault::mute}}) {
    (systemd_.*row.make)();
    const auto bus = connect(brief);
    ASSERT_FALSE(bus.has_value());
    EXPECT_EQ(bus.error().fault, row.fault) << bus.error();
    EXPECT_EQ(bus.error().endpoint, systemd_.url());
    EXPECT_FALSE(bus.error().remedy.empty());
  }
  systemd_.listen();
  systemd_.refuse();
  const auto bus = connect(brief);
  ASSERT_FALSE(bus.has_value());
  EXPECT_EQ(bus.error().fault, ConnectFault::refused) << bus.error();
}

}  // namespace
}  // namespace rollcall
