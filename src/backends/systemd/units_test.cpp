// Which signals ask for a reading, in recordings of real managers.
#include "backends/systemd/units.hpp"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/systemd/messages.hpp"
#include "core/budgets.hpp"
#include "support/dbus_values.hpp"
#include "support/paths.hpp"

namespace rollcall::systemd {
namespace {

namespace json = boost::json;
namespace dbus = test::dbus;
using testing::ElementsAre;

const std::string service = "org.freedesktop.systemd1";

/// Makes messages. Its other end is not read.
class Bus {
 public:
  Bus() {
    int ends[2] = {-1, -1};
    dbus::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    other_end_ = ends[1];
    dbus::check(sd_bus_new(&bus_), "sd_bus_new");
    dbus::check(sd_bus_set_fd(bus_, ends[0], ends[0]), "sd_bus_set_fd");
    dbus::check(sd_bus_start(bus_), "sd_bus_start");
  }
  ~Bus() {
    sd_bus_close_unref(bus_);
    ::close(other_end_);
  }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  template <class Write>
  DbusMessage signal(const std::string& path, const std::string& interface, const char* member,
                     const Write& write) {
    sd_bus_message* made = nullptr;
    dbus::check(sd_bus_message_new_signal(bus_, &made, path.c_str(), interface.c_str(), member),
                "signal");
    write(made);
    dbus::check(sd_bus_message_seal(made, 1, 0), "seal");
    DbusMessage message(made);
    sd_bus_message_unref(made);
    return message;
  }

 private:
  int other_end_ = -1;
  sd_bus* bus_ = nullptr;
};

std::vector<std::uint8_t> bytes_of(std::string_view hexadecimal) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < hexadecimal.size(); at += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(hexadecimal.substr(at, 2)), nullptr, 16)));
  }
  return bytes;
}

/// The value of a property as systemd sends it.
dbus::Value value_of(std::string_view name, const json::value& value) {
  if (name == "MainPID" || name == "NRestarts") {
    return {"u", [&](auto m) { dbus::number(m, 'u', value.to_number<std::uint32_t>()); }};
  }
  if (name == "ActiveEnterTimestamp") {
    return {"t", [&](auto m) { dbus::number(m, 't', value.to_number<std::uint64_t>()); }};
  }
  if (name == "Job") {
    return {"(uo)", [&](auto m) {
              dbus::check(sd_bus_message_open_container(m, 'r', "uo"), "open");
              dbus::number(m, 'u', value.as_array()[0].to_number<std::uint32_t>());
              dbus::text(m, 'o', json::value_to<std::string>(value.as_array()[1]));
              dbus::check(sd_bus_message_close_container(m), "close");
            }};
  }
  if (name == "InvocationID") {
    return {"ay", [&](auto m) {
              const auto bytes = bytes_of(json::value_to<std::string>(value));
              dbus::check(sd_bus_message_append_array(m, 'y', bytes.data(), bytes.size()), "ay");
            }};
  }
  if (name == "Triggers") {
    return {"as", [&](auto m) { dbus::texts(m, json::value_to<std::vector<std::string>>(value)); }};
  }
  return {"s", [&](auto m) { dbus::text(m, 's', json::value_to<std::string>(value)); }};
}

void write_changed(dbus::Message m, const json::object& line) {
  dbus::text(m, 's', service + "." + json::value_to<std::string>(line.at("interface")));
  dbus::check(sd_bus_message_open_container(m, 'a', "{sv}"), "open");
  for (const auto& [name, value] : line.at("properties").as_object()) {
    dbus::check(sd_bus_message_open_container(m, 'e', "sv"), "open");
    dbus::text(m, 's', name);
    dbus::write_variant(m, value_of(name, value));
    dbus::check(sd_bus_message_close_container(m), "close");
  }
  dbus::check(sd_bus_message_close_container(m), "close");
  dbus::texts(m, {});
}

DbusMessage signal_of(Bus& bus, const json::object& line) {
  const std::string manager = "/org/freedesktop/systemd1";
  if (const auto* removed = line.if_contains("removed")) {
    const auto name = json::value_to<std::string>(*removed);
    return bus.signal(manager, service + ".Manager", "UnitRemoved", [&](auto m) {
      dbus::text(m, 's', name);
      dbus::text(m, 'o', dbus::object_of(name));
    });
  }
  if (const auto* reloading = line.if_contains("reloading")) {
    return bus.signal(manager, service + ".Manager", "Reloading",
                      [&](auto m) { dbus::number(m, 'b', reloading->as_bool() ? 1 : 0); });
  }
  return bus.signal(dbus::object_of(json::value_to<std::string>(line.at("unit"))),
                    "org.freedesktop.DBus.Properties", "PropertiesChanged",
                    [&](auto m) { write_changed(m, line); });
}

std::string shown(const Change& change) {
  if (std::holds_alternative<ResyncNeeded>(change)) return "resync";
  const auto& touched = std::get<Touched>(change);
  return (touched.mark == RunMark::began ? "began " : "changed ") + touched.id;
}

/// The changes of each scenario of a recording, without consecutive repetitions.
std::vector<std::string> told(const std::string& version) {
  const std::string path =
      ROLLCALL_SOURCE_DIR "/src/backends/systemd/testdata/" + version + "/signals.jsonl";
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  Bus bus;
  Units units({"service"});
  std::vector<std::string> scenarios;
  for (std::string text; std::getline(file, text);) {
    const json::value parsed = json::parse(text);
    const json::object& line = parsed.as_object();
    if (const auto* scenario = line.if_contains("scenario")) {
      scenarios.push_back(json::value_to<std::string>(*scenario) + ":");
      continue;
    }
    for (const Change& change : units.take(signal_of(bus, line), Timestamp())) {
      if (!scenarios.back().ends_with(shown(change))) scenarios.back() += " " + shown(change);
    }
  }
  return scenarios;
}

TEST(Units, EachScenarioOf252AsksForWhatItChanges) {
  EXPECT_THAT(
      told("252"),
      ElementsAre(
          "start-web: began web.service", "get-props-web:", "restart-web: began web.service",
          "kill9-web-restart-on-failure: began web.service changed web.service began web.service",
          "stop-web: changed web.service", "start-socket: began sock.socket",
          "connect-socket: began sock.socket began sock.service",
          "stop-sock-service: began sock.socket changed sock.service",
          "start-fail: began fail.service changed fail.service",
          "reset-failed-fail: changed fail.service",
          "start-crashloop: began crash.service changed crash.service began crash.service changed "
          "crash.service began crash.service changed crash.service began crash.service changed "
          "crash.service",
          "start-oneshot: began oneshot.service", "stop-oneshot: changed oneshot.service",
          "transient-run: began tr1.service", "transient-stop: changed tr1.service",
          "daemon-reload-after-edit: resync", "freeze: began web.service",
          "daemon-reexec: began oneshot.service resync"));
}

TEST(Units, EachScenarioOf257AsksForWhatItChanges) {
  EXPECT_THAT(
      told("257"),
      ElementsAre("start: began web.service", "restart: began web.service",
                  "kill9: began web.service changed web.service began web.service",
                  "stop: changed web.service", "start-socket: began sock.socket",
                  "connect-socket: began sock.socket began sock.service",
                  "stop-sock: began sock.socket changed sock.service began sock.socket began "
                  "sock.service began sock.socket",
                  "fail: began fail.service changed fail.service",
                  "reset-failed: changed fail.service",
                  "crash-direct: began crashdirect.service changed crashdirect.service",
                  "transient: began tr1.service", "transient-stop: changed tr1.service",
                  "reload-after-edit: resync", "freeze:",
                  "reexec: began web.service began sock.service began gpg-agent-ssh.socket began "
                  "gpg-agent.socket began gpg-agent-extra.socket began keyboxd.socket began "
                  "gpg-agent-browser.socket began dirmngr.socket resync"));
}

TEST(DbusBudget, OfWhatAMessageHoldsNoMoreIsReadThanItsBudget) {
  Bus bus;
  const std::string large(budget::dbus_value_bytes + 1, 'x');
  const std::vector<std::string> many(budget::dbus_value_bytes / 8, "argument");
  const DbusMessage message = bus.signal("/x", "x.y", "Z", [&](auto m) {
    dbus::text(m, 's', large);
    dbus::texts(m, many);
    dbus::texts(m, {"first", large, "last"});
    dbus::text(m, 's', "end");
  });
  DbusReader reader(message);
  EXPECT_EQ(reader.text().size(), budget::dbus_value_bytes);
  EXPECT_LT(reader.texts().size(), many.size() / 4);
  EXPECT_THAT(reader.texts(), ElementsAre("first"));
  EXPECT_EQ(reader.text(), "end") << "what follows is read as ever";
  EXPECT_TRUE(reader.ok());
}

DbusMessage fragment_changed(Bus& bus, const std::string& unit, const std::string& path) {
  const auto write = [&](auto m) {
    const std::map<std::string, dbus::Value> values = {{"FragmentPath", dbus::text_value(path)}};
    dbus::write_changes(m, service + ".Unit", values, {"FragmentPath"});
  };
  return bus.signal(dbus::object_of(unit), "org.freedesktop.DBus.Properties", "PropertiesChanged",
                    write);
}

TEST(Units, WhatSignalsTellIsBoundedByAList) {
  Bus bus;
  Units units({"service"});
  const std::string large(200'000, 'x');
  bool listed_anew = false;
  for (int i = 0; i < 400 && !listed_anew; ++i) {
    const auto signal = fragment_changed(bus, "a" + std::to_string(i) + ".service", large);
    for (const Change& change : units.take(signal, Timestamp())) {
      listed_anew = listed_anew || std::holds_alternative<ResyncNeeded>(change);
    }
  }
  EXPECT_TRUE(listed_anew);
  EXPECT_FALSE(units.knows("a0.service"));
}

TEST(Units, ANameThatNoUnitCanHaveIsNoUnit) {
  Bus bus;
  Units units({"service"});
  const std::string name = std::string(300, 'a') + ".service";
  EXPECT_TRUE(units.take(fragment_changed(bus, name, "/x"), Timestamp()).empty());
  EXPECT_FALSE(units.knows(name));
}

}  // namespace
}  // namespace rollcall::systemd
