#include "backends/host/runtime.hpp"

#include <array>

#include <rollcall/options/host.hpp>

#include "backends/host/driver.hpp"
#include "backends/host/places.hpp"
#include "core/option/checks.hpp"

namespace rollcall::host {
namespace {

constexpr std::array options = {
    RuntimeOption{
        .key = "look_period",
        .flag = "--look-period",
        .value = "TIME",
        .summary = "How often to look at the host, such as 1s (default: 5s)",
        .at = [](RuntimeOptions& o) -> option::Field { return &o.of<HostOptions>().look_period; },
        .check = &option::check_period,
        .of_watches = true},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::host,
               .word = "host",
               .has_instances = false,
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
};

}  // namespace rollcall::host
