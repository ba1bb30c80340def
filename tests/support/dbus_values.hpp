// D-Bus messages under construction, and the properties of a scripted unit in them.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "support/scripted_systemd.hpp"

namespace rollcall::test::dbus {

/// A message under construction.
using Message = sd_bus_message*;

inline void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(fmt::format("{}: {}", what, result));
}

template <class T>
void number(Message m, char type, T value) {
  check(sd_bus_message_append_basic(m, type, &value), "append");
}

void text(Message m, char type, const std::string& value);
void texts(Message m, const std::vector<std::string>& values);

/// The object of a unit on the bus.
std::string object_of(const std::string& unit);

/// A value of a property, with its type.
struct Value {
  const char* type;
  std::function<void(Message)> write;
};

Value text_value(const std::string& value);
Value flag_value(bool value);
void write_variant(Message m, const Value& value);

/// Properties by name: those of every unit, and those of the unit's own type. Both refer to `unit`.
std::map<std::string, Value> unit_values(const ScriptedUnit& unit);
std::map<std::string, Value> own_values(const ScriptedUnit& unit);

/// The arguments of PropertiesChanged. As systemd does, leaves out values that never change alone.
void write_changes(Message m, const std::string& interface,
                   const std::map<std::string, Value>& values,
                   const std::vector<std::string>& names);

}  // namespace rollcall::test::dbus
