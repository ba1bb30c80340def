#include "support/dbus_values.hpp"

#include <cstdint>

namespace rollcall::test::dbus {
namespace {

void write_job(Message m, bool has_job) {
  check(sd_bus_message_open_container(m, 'r', "uo"), "open");
  number(m, 'u', has_job ? std::uint32_t{7} : std::uint32_t{0});
  text(m, 'o', has_job ? "/org/freedesktop/systemd1/job/7" : "/");
  check(sd_bus_message_close_container(m), "close");
}

void write_listen(Message m, const ScriptedUnit& unit) {
  check(sd_bus_message_open_container(m, 'a', "(ss)"), "open");
  for (const auto& [type, address] : unit.listen) {
    check(sd_bus_message_open_container(m, 'r', "ss"), "open");
    text(m, 's', type);
    text(m, 's', address);
    check(sd_bus_message_close_container(m), "close");
  }
  check(sd_bus_message_close_container(m), "close");
}

void write_commands(Message m, const ScriptedUnit& unit) {
  check(sd_bus_message_open_container(m, 'a', "(sasbttttuii)"), "open");
  for (const auto& arguments : unit.commands) {
    check(sd_bus_message_open_container(m, 'r', "sasbttttuii"), "open");
    text(m, 's', arguments.front());
    texts(m, arguments);
    number(m, 'b', 0);
    for (int i = 0; i < 4; ++i) number(m, 't', std::uint64_t{0});
    number(m, 'u', std::uint32_t{0});
    number(m, 'i', std::int32_t{0});
    number(m, 'i', std::int32_t{0});
    check(sd_bus_message_close_container(m), "close");
  }
  check(sd_bus_message_close_container(m), "close");
}

}  // namespace

std::string object_of(const std::string& unit) {
  std::string path = "/org/freedesktop/systemd1/unit/";
  for (const char c : unit) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    path += plain ? std::string(1, c) : fmt::format("_{:02x}", static_cast<unsigned char>(c));
  }
  return path;
}

void text(Message m, char type, const std::string& value) {
  check(sd_bus_message_append_basic(m, type, value.c_str()), "append");
}

void texts(Message m, const std::vector<std::string>& values) {
  check(sd_bus_message_open_container(m, 'a', "s"), "open");
  for (const std::string& value : values) text(m, 's', value);
  check(sd_bus_message_close_container(m), "close");
}

Value text_value(const std::string& value) {
  return {"s", [value](Message m) { text(m, 's', value); }};
}

Value flag_value(bool value) {
  return {"b", [value](Message m) { number(m, 'b', value ? 1 : 0); }};
}

std::map<std::string, Value> unit_values(const ScriptedUnit& unit) {
  const std::string id(16, static_cast<char>(unit.invocation));
  return {
      {"ActiveState", text_value(unit.active_state)},
      {"SubState", text_value(unit.sub_state)},
      {"FragmentPath", text_value(unit.fragment_path)},
      {"DropInPaths", {"as", [&](Message m) { texts(m, unit.drop_in_paths); }}},
      {"NeedDaemonReload", flag_value(unit.needs_reload)},
      {"FreezerState", text_value(unit.freezer_state)},
      {"Triggers", {"as", [&](Message m) { texts(m, unit.triggers); }}},
      {"InvocationID",
       {"ay",
        [id](Message m) {
          check(sd_bus_message_append_array(m, 'y', id.data(), id.size()), "append");
        }}},
      {"ActiveEnterTimestamp", {"t", [&](Message m) { number(m, 't', unit.active_since); }}},
      {"Job", {"(uo)", [&](Message m) { write_job(m, !unit.job_type.empty()); }}},
  };
}

std::map<std::string, Value> own_values(const ScriptedUnit& unit) {
  return {
      {"ControlGroup", text_value(unit.control_group)},
      {"Result", text_value(unit.result)},
      {"MainPID", {"u", [&](Message m) { number(m, 'u', unit.main_pid); }}},
      {"NRestarts", {"u", [&](Message m) { number(m, 'u', unit.restarts); }}},
      {"PrivateNetwork", flag_value(unit.private_network)},
      {"User", text_value(unit.user)},
      {"ExecStart", {"a(sasbttttuii)", [&](Message m) { write_commands(m, unit); }}},
      {"Listen", {"a(ss)", [&](Message m) { write_listen(m, unit); }}},
  };
}

void write_variant(Message m, const Value& value) {
  check(sd_bus_message_open_container(m, 'v', value.type), "open");
  value.write(m);
  check(sd_bus_message_close_container(m), "close");
}

void write_changes(Message m, const std::string& interface,
                   const std::map<std::string, Value>& values,
                   const std::vector<std::string>& names) {
  text(m, 's', interface);
  check(sd_bus_message_open_container(m, 'a', "{sv}"), "open");
  for (const std::string& name : names) {
    check(sd_bus_message_open_container(m, 'e', "sv"), "open");
    text(m, 's', name);
    write_variant(m, values.at(name));
    check(sd_bus_message_close_container(m), "close");
  }
  check(sd_bus_message_close_container(m), "close");
  texts(m, {});
}

}  // namespace rollcall::test::dbus
