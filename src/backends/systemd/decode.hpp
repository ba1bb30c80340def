// Converts a unit to an instance. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "backends/systemd/settings.hpp"
#include "backends/systemd/unit.hpp"
#include "core/masking.hpp"

namespace rollcall::systemd {

/// Everything known of a unit.
struct UnitView {
  const UnitRow& row;
  const UnitProperties& properties;
  const SettingsRead& settings;
  std::vector<PortMapping> ports;  ///< Sorted.
  std::string_view manager_user;   ///< The user of units that name none; empty: not known.
};

/// Makes the instance, with this endpoint and the current time.
Instance decode_unit(UnitView unit, std::string endpoint, Timestamp now,
                     const Masker& masker = Masker());

/// Whether it listens or opted in: the units of the default view.
bool listens_or_opted_in(const Instance& instance);

/// "web" for "web.service"; other types keep their suffix.
std::string_view name_of_unit(std::string_view unit);

}  // namespace rollcall::systemd
