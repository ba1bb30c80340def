// A unit to an instance. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/systemd/settings.hpp"
#include "backends/systemd/unit.hpp"

namespace rollcall::systemd {

/// All that is known of a unit.
struct UnitView {
  const UnitRow& row;
  const UnitProperties& properties;
  const SettingsRead& settings;
  std::vector<PortMapping> ports;  ///< Sorted.
  std::string_view manager_user;   ///< Whom units run as that name no user; empty: not known.
};

/// The instance, at that endpoint, read now.
Instance decode_unit(UnitView unit, std::string endpoint, Timestamp now);

/// Whether it listens or asks to be shown: what the default view holds.
bool listens_or_opted_in(const Instance& instance);

/// "web" of "web.service"; units of other types keep theirs.
std::string_view name_of_unit(std::string_view unit);

}  // namespace rollcall::systemd
