// Parses the messages of systemd into plain data.
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
#include "transport/dbus/message.hpp"

namespace rollcall::systemd {

/// Reads the answer to ListUnits and ListUnitsByPatterns. Errors: protocol.
Result<std::vector<UnitRow>> read_rows(const DbusMessage& message);

/// An installed unit file, loaded or not.
struct UnitFile {
  std::string path;
  std::string state;  ///< "enabled", "disabled", "static", …
};

/// Reads the answer to ListUnitFilesByPatterns. Errors: protocol.
Result<std::vector<UnitFile>> read_unit_files(const DbusMessage& message);

/// A property that is read for units of some types.
struct PropertyName {
  std::string_view interface;  ///< "org.freedesktop.systemd1.Unit"
  std::string_view name;       ///< "FragmentPath"
};

/// Which properties of a unit are wanted.
enum class Wanted : std::uint8_t {
  most,        ///< For a running unit: all but its place.
  place,       ///< For a running unit: its control group and network, which its processes may show.
  definition,  ///< For a unit that does not run.
  ports,       ///< For a socket that is not shown itself.
  nothing,
};

/// The properties that are not known yet. FreezerState is included only if the manager signals its
/// changes.
std::vector<PropertyName> unknown_properties(const UnitRow& row, const UnitProperties& known,
                                             Wanted wanted, bool signals_freezing);

/// Whether a manager of that version ("252.38-1~deb12u1") signals changes of FreezerState.
bool signals_freezing(std::string_view version);

/// Stores the answer to a Get. Returns false if it has not the type of the property.
bool take_property(std::string_view name, const DbusMessage& message, UnitProperties& into);

/// Stores the values of a PropertiesChanged signal; returns true if it was about a unit.
bool take_changes(const DbusMessage& signal, UnitProperties& into);

/// The unit name for an object path; empty if the path is not a unit's.
std::string unit_of_path(std::string_view path);

/// A pattern that matches exactly this name.
std::string pattern_of(std::string_view unit);

}  // namespace rollcall::systemd
