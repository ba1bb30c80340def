// Units of which the manager does not tell all.
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rollcall/options/systemd.hpp>

#include "backends/systemd/driver.hpp"
#include "support/run.hpp"
#include "support/scripted_host.hpp"
#include "support/scripted_systemd.hpp"

namespace rollcall::systemd {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class UnreadableUnits : public testing::Test {
 protected:
  UnreadableUnits() {
    options_.of<SystemdOptions>().all_units = true;
    for (const std::string name : {"sick.service", "well.service"}) {
      systemd_.units[name].control_group = "/system.slice/" + name;
    }
  }

  /// Answers those calls with the error.
  void fail_calls(const std::string& part, const std::string& error) {
    systemd_.before_answer = [this, part, error](const std::string& call) {
      systemd_.error = call.starts_with("Get ") && call.contains(part) ? error : "";
    };
  }

  std::shared_ptr<Session> connect() {
    driver_ = make_driver({systemd_.url(), "test"}, options_, system_env(), host_, {});
    auto session = test::run(io_, driver_->connect(Purpose::list));
    EXPECT_TRUE(session) << session.error();
    return session ? *session : nullptr;
  }

  static InstancePtr named(const Snapshot& snapshot, const std::string& name) {
    for (const Reading& reading : snapshot.readings) {
      if (reading.instance->name == name) return reading.instance;
    }
    return nullptr;
  }

  boost::asio::io_context io_;
  test::ScriptedSystemd systemd_{io_};
  std::shared_ptr<test::ScriptedHost> host_ = std::make_shared<test::ScriptedHost>();
  BackendOptions options_;
  std::unique_ptr<Driver> driver_;
};

TEST_F(UnreadableUnits, HaveAProblemAndHideNoOther) {
  for (const std::string error :
       {"org.freedesktop.DBus.Error.Failed", "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.UnknownProperty"}) {
    fail_calls("sick.service MainPID", error);
    const auto session = connect();
    const auto listed = test::run(io_, session->list());
    ASSERT_TRUE(listed) << error << listed.error();
    const auto sick = named(*listed, "sick");
    ASSERT_NE(sick, nullptr) << error;
    ASSERT_EQ(sick->problems.size(), 1U) << error;
    EXPECT_EQ(sick->problems[0].where, "MainPID");
    EXPECT_THAT(sick->problems[0].what, HasSubstr("as the test wants it"));
    EXPECT_EQ(sick->state, InstanceState::running) << "the rest is told";
    ASSERT_NE(named(*listed, "well"), nullptr) << error;
    EXPECT_THAT(named(*listed, "well")->problems, IsEmpty());
    systemd_.before_answer = {};
    systemd_.error.clear();
    const auto again = test::run(io_, session->list());
    ASSERT_TRUE(again);
    EXPECT_THAT(named(*again, "sick")->problems, IsEmpty()) << "it is asked again";
  }
}

TEST_F(UnreadableUnits, ThatAreGoneAreAbsent) {
  fail_calls("sick.service", "org.freedesktop.systemd1.NoSuchUnit");
  const auto listed = test::run(io_, connect()->list());
  ASSERT_TRUE(listed) << listed.error();
  EXPECT_EQ(named(*listed, "sick"), nullptr);
  EXPECT_NE(named(*listed, "well"), nullptr);
}

TEST_F(UnreadableUnits, AllOfThemAreAMatterOfRights) {
  fail_calls(".service", "org.freedesktop.DBus.Error.AccessDenied");
  const auto listed = test::run(io_, connect()->list());
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::denied);
}

}  // namespace
}  // namespace rollcall::systemd
