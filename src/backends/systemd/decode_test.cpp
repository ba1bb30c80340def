#include "backends/systemd/decode.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/json_round_trip.hpp"

namespace rollcall::systemd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Given {
  UnitRow row{.name = "web.service",
              .description = "A web",
              .load_state = "loaded",
              .active_state = "active",
              .sub_state = "running",
              .path = "/org/freedesktop/systemd1/unit/web_2eservice",
              .job_type = {}};
  UnitProperties properties;
  SettingsRead settings;
  std::vector<PortMapping> ports;
};

Instance decode(const Given& given) {
  Instance instance = decode_unit({.row = given.row,
                                   .properties = given.properties,
                                   .settings = given.settings,
                                   .ports = given.ports,
                                   .manager_user = "manager"},
                                  "unix:///bus", Timestamp(std::chrono::seconds(7)));
  test::expect_survives_json(instance);
  return instance;
}

Given in_state(std::string active, std::string sub) {
  Given given;
  given.row.active_state = std::move(active);
  given.row.sub_state = std::move(sub);
  return given;
}

TEST(SystemdDecode, AUnitThatNamesNoUserRunsAsItsManager) {
  Given given;
  EXPECT_EQ(decode(given).details->user, "") << "it was not asked for";
  given.properties.user = "";
  given.properties.command = std::vector<std::string>();
  EXPECT_EQ(decode(given).details->user, "manager");
  EXPECT_THAT(decode(given).details->command, IsEmpty());
}

TEST(SystemdDecode, EachFieldHasItsSource) {
  Given given;
  given.properties.invocation = "0102";
  given.properties.active_since = 5'000'001;
  given.properties.fragment_path = "/etc/systemd/system/web.service";
  given.properties.control_group = "/user.slice/app.slice/web.service";
  given.properties.main_pid = 42;
  given.properties.restarts = 3;
  given.properties.user = "www-data";
  given.properties.command = {"/usr/bin/webd", "--password=hunter2", "--port=80"};
  given.settings.settings = {{"rollcall.name", "Wiki"}};
  given.ports = {PortMapping{"::", 80, 80, Protocol::tcp, "", PortScope::host}};
  const Instance instance = decode(given);
  EXPECT_EQ(instance.key, (InstanceKey{"systemd", "unix:///bus", "web.service"}));
  EXPECT_EQ(instance.name, "web");
  EXPECT_EQ(instance.kind, InstanceKind::service);
  EXPECT_EQ(instance.state, InstanceState::running);
  EXPECT_EQ(instance.reason, "");
  EXPECT_EQ(instance.health, Health::none);
  EXPECT_EQ(instance.network_mode, NetworkMode::host);
  EXPECT_EQ(instance.group, "app.slice");
  EXPECT_EQ(instance.service, "");
  EXPECT_EQ(instance.run, "0102");
  EXPECT_EQ(instance.started_at, Timestamp(std::chrono::microseconds(5'000'001)));
  EXPECT_EQ(instance.discovered_at, Timestamp(std::chrono::seconds(7)));
  EXPECT_EQ(instance.ports.size(), 1U);
  EXPECT_EQ(instance.labels.find("rollcall.name"), "Wiki");
  ASSERT_TRUE(instance.metadata);
  EXPECT_EQ(instance.metadata->name->value, "Wiki");
  ASSERT_TRUE(instance.details);
  EXPECT_EQ(instance.details->description, "A web");
  EXPECT_EQ(instance.details->definition, "/etc/systemd/system/web.service");
  EXPECT_EQ(instance.details->pid, 42);
  EXPECT_EQ(instance.details->restarts, 3U);
  EXPECT_EQ(instance.details->user, "www-data");
  EXPECT_THAT(instance.details->command,
              ElementsAre("/usr/bin/webd", "--password=***", "--port=80"));
  EXPECT_THAT(instance.problems, IsEmpty());
}

TEST(SystemdDecode, EachStateIsOneOfOurs) {
  struct Row {
    Given given;
    InstanceState state;
    std::string reason;
  };
  const Row rows[] = {
      {in_state("active", "running"), InstanceState::running, ""},
      {in_state("active", "exited"), InstanceState::running, "exited"},
      {in_state("active", "listening"), InstanceState::running, ""},
      {in_state("activating", "start-pre"), InstanceState::running, "activating (start-pre)"},
      {in_state("activating", "auto-restart"), InstanceState::restarting, "restarts after its end"},
      {in_state("activating", "auto-restart-queued"), InstanceState::restarting,
       "restarts after its end"},
      {in_state("reloading", "reload"), InstanceState::reloading, "reloading (reload)"},
      {in_state("refreshing", "refresh"), InstanceState::reloading, "refreshing (refresh)"},
      {in_state("deactivating", "stop-sigterm"), InstanceState::stopped,
       "deactivating (stop-sigterm)"},
      {in_state("inactive", "dead"), InstanceState::stopped, ""},
      {in_state("failed", "failed"), InstanceState::stopped, "failed: success"},
      {in_state("maintenance", "x"), InstanceState::unknown, "maintenance (x)"},
      {in_state("of the future", "x"), InstanceState::unknown, "of the future (x)"},
  };
  for (const Row& row : rows) {
    const Instance instance = decode(row.given);
    EXPECT_EQ(instance.state, row.state) << row.given.row.active_state;
    EXPECT_EQ(instance.reason, row.reason) << row.given.row.active_state;
  }
}

TEST(SystemdDecode, WhyItFailedOrRestartsIsTheResult) {
  Given given = in_state("failed", "failed");
  given.properties.result = "start-limit-hit";
  EXPECT_EQ(decode(given).reason, "failed: start-limit-hit");
  given = in_state("activating", "auto-restart");
  given.properties.result = "exit-code";
  EXPECT_EQ(decode(given).reason, "restarts after exit-code");
}

TEST(SystemdDecode, OneThatStartsIsNotHealthyYet) {
  EXPECT_EQ(decode(in_state("activating", "start")).health, Health::starting);
  EXPECT_EQ(decode(in_state("activating", "auto-restart")).health, Health::none);
}

TEST(SystemdDecode, AFrozenOneIsPaused) {
  Given given;
  given.properties.freezer_state = "frozen";
  EXPECT_EQ(decode(given).state, InstanceState::paused);
  given.properties.freezer_state = "frozen-by-parent";
  EXPECT_EQ(decode(given).state, InstanceState::paused);
}

TEST(SystemdDecode, TheSliceIsTheGroup) {
  Given given;
  given.row.name = "echo@1.service";
  given.properties.control_group =
      "/user.slice/user@0.service/app.slice/app-echo.slice/echo@1.service";
  EXPECT_EQ(decode(given).group, "app-echo.slice");
  EXPECT_EQ(decode(given).service, "echo");
  given.properties.control_group = "/echo@1.service";
  EXPECT_EQ(decode(given).group, "");
}

TEST(SystemdDecode, UnitsOfOtherTypesKeepTheirSuffix) {
  EXPECT_EQ(name_of_unit("web.service"), "web");
  EXPECT_EQ(name_of_unit("web.socket"), "web.socket");
  EXPECT_EQ(name_of_unit("init.scope"), "init.scope");
}

TEST(SystemdDecode, APrivateNetworkIsItsOwn) {
  Given given;
  given.properties.private_network = true;
  EXPECT_EQ(decode(given).network_mode, NetworkMode::own);
}

TEST(SystemdDecode, WhatIsWrongWithItIsNoted) {
  Given given;
  given.row.load_state = "not-found";
  given.properties.needs_reload = true;
  given.settings.settings = {{"rollcall.proxy.port", "many"}};
  given.settings.problems = {{.where = "/x.conf", .what = "cannot be read"}};
  std::vector<std::string> where;
  for (const Problem& problem : decode(given).problems) where.push_back(problem.where);
  EXPECT_THAT(where,
              ElementsAre("/x.conf", "NeedDaemonReload", "rollcall.proxy.port", "web.service"));
}

TEST(SystemdDecode, ForeignBytesAreMadeUtf8) {
  Given given;
  given.row.name = "w\xff.service";
  given.row.description = "\xff";
  EXPECT_EQ(decode(given).key.id, "w\xEF\xBF\xBD.service");
  EXPECT_EQ(decode(given).details->description, "\xEF\xBF\xBD");
}

TEST(SystemdDecode, TheDefaultViewHoldsWhatListensOrOptsIn) {
  Given given;
  EXPECT_FALSE(listens_or_opted_in(decode(given)));
  given.settings.settings = {{"rollcall.name", "Wiki"}};
  EXPECT_TRUE(listens_or_opted_in(decode(given)));
  given.settings.settings = {{"rollcall.enable", "false"}};
  EXPECT_FALSE(listens_or_opted_in(decode(given)));
  given.ports = {PortMapping{"::", 80, 80, Protocol::tcp, "", PortScope::host}};
  EXPECT_TRUE(listens_or_opted_in(decode(given)));
  EXPECT_TRUE(listens_or_opted_in(decode(in_state("of the future", "x"))));
}

}  // namespace
}  // namespace rollcall::systemd
