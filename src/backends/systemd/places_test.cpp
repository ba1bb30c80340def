#include "backends/systemd/places.hpp"

#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <rollcall/options/systemd.hpp>

namespace rollcall::systemd {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

BackendOptions options(Variables variables, bool user = false, std::string endpoint = {}) {
  BackendOptions options;
  options.endpoint = std::move(endpoint);
  options.of<SystemdOptions>().user_manager = user;
  options.getenv = [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return options;
}

TEST(SystemdPlaces, AreOneEach) {
  struct Row {
    BackendOptions options;
    std::string url;
    std::string source;
  };
  const Variables all = {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/s"},
                         {"DBUS_SESSION_BUS_ADDRESS", "unix:path=/u,guid=1"},
                         {"XDG_RUNTIME_DIR", "/run/user/1"}};
  const Row rows[] = {
      {options({}), "unix:///run/dbus/system_bus_socket", "system bus"},
      {options({{"DBUS_SYSTEM_BUS_ADDRESS", ""}}), "unix:///run/dbus/system_bus_socket",
       "system bus"},
      {options(all), "unix:///s", "DBUS_SYSTEM_BUS_ADDRESS"},
      {options(all, true), "unix:///u", "DBUS_SESSION_BUS_ADDRESS"},
      {options({{"XDG_RUNTIME_DIR", "/run/user/1"}}, true), "unix:///run/user/1/bus",
       "XDG_RUNTIME_DIR"},
      {options(all, false, "unix:path=/e"), "unix:///e", "--endpoint"},
      {options(all, true, "/e"), "unix:///e", "--endpoint"},
  };
  for (const Row& row : rows) {
    const auto places = systemd::places(row.options);
    ASSERT_TRUE(places.has_value()) << places.error();
    ASSERT_EQ(places->size(), 1U);
    EXPECT_EQ(places->front().url, row.url);
    EXPECT_EQ(places->front().source, row.source);
  }
}

TEST(SystemdPlaces, ThatAreWrongAreSaidToBe) {
  const auto wrong = systemd::places(options({{"DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=h"}}));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid_config);
  EXPECT_EQ(wrong.error().what,
            "this is not the address of a bus on a Unix socket (from DBUS_SYSTEM_BUS_ADDRESS)");

  const auto unknown = systemd::places(options({}, true));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().kind, ErrorKind::invalid_config);
  EXPECT_FALSE(unknown.error().remedy.empty());
}

}  // namespace
}  // namespace rollcall::systemd
