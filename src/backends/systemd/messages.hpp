// What systemd says on the bus, read into plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rollcall/result.hpp>

#include "backends/systemd/unit.hpp"
#include "transport/dbus_message.hpp"

namespace rollcall::systemd {

/// The answer of ListUnits and ListUnitsByPatterns. Errors: protocol.
Result<std::vector<UnitRow>> read_rows(const DbusMessage& message);

/// A unit file that is installed, loaded or not.
struct UnitFile {
  std::string path;
  std::string state;  ///< "enabled", "disabled", "static", …
};

/// The answer of ListUnitFilesByPatterns. Errors: protocol.
Result<std::vector<UnitFile>> read_unit_files(const DbusMessage& message);

/// A property that is read of units of some types.
struct PropertyName {
  std::string_view interface;  ///< "org.freedesktop.systemd1.Unit"
  std::string_view name;       ///< "FragmentPath"
};

/// Which parts of a unit are wanted.
enum class Wanted : std::uint8_t {
  most,        ///< Of one that runs: all but its place.
  place,       ///< Of one that runs: its control group and network, which its processes may tell.
  definition,  ///< Of one that does not.
  ports,       ///< Of a socket that is of no interest itself.
  nothing,
};

/// The properties that are not known yet. Whether it is frozen only where its changes are
/// signalled.
std::vector<PropertyName> unknown_properties(const UnitRow& row, const UnitProperties& known,
                                             Wanted wanted, bool signals_freezing);

/// Whether a manager of that version ("252.38-1~deb12u1") signals changes of FreezerState.
bool signals_freezing(std::string_view version);

/// Takes the answer to a Get of a property. False if it is of another type than it should be.
bool take_property(std::string_view name, const DbusMessage& message, UnitProperties& into);

/// Takes what a PropertiesChanged signal says; true if it said something of a unit.
bool take_changes(const DbusMessage& signal, UnitProperties& into);

/// "web.service", of its object on the bus; empty if that is no unit.
std::string unit_of_path(std::string_view path);

/// The name as a pattern that fits it alone.
std::string pattern_of(std::string_view unit);

}  // namespace rollcall::systemd
