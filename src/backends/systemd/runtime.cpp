#include "backends/systemd/runtime.hpp"

#include <array>
#include <string>

#include <rollcall/options/systemd.hpp>

#include "backends/systemd/driver.hpp"
#include "backends/systemd/places.hpp"
#include "core/option/checks.hpp"

namespace rollcall::systemd {
namespace {

using option::Field;

std::string check_unit_type(const std::string& word) {
  return option::none_of(word, std::to_array<std::string>({"service", "socket", "timer", "scope"}));
}

constexpr std::array options = {
    RuntimeOption{
        .key = "systemd.user",
        .flag = "--user",
        .summary = "Of your own manager instead of the system's",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<SystemdOptions>().user_manager; }},
    RuntimeOption{
        .key = "systemd.all_units",
        .flag = "--all-units",
        .summary = "Also those that neither listen nor opted in",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<SystemdOptions>().all_units; },
        .widens = true},
    RuntimeOption{
        .key = "systemd.unit_types",
        .flag = "--unit-type",
        .value = "socket|timer|scope",
        .summary = "Besides services; repeatable",
        .at = [](RuntimeOptions& o) -> Field { return &o.of<SystemdOptions>().unit_types; },
        .check = &check_unit_type},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::systemd,
               .word = "systemd",
               .in_auto = true,
               .options_title = "Units of systemd",
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
};

}  // namespace rollcall::systemd
