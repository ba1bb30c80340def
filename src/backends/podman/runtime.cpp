#include "backends/podman/runtime.hpp"

#include <array>

#include <rollcall/options/podman.hpp>

#include "backends/podman/driver.hpp"
#include "backends/podman/places.hpp"
#include "core/option/checks.hpp"

namespace rollcall::podman {
namespace {

constexpr std::array options = {
    RuntimeOption{
        .key = "podman_poll",
        .flag = "--podman-poll",
        .value = "TIME",
        .summary = "List Podman this often and hold no stream, so that an idle service may end",
        .at = [](RuntimeOptions& o) -> option::Field { return &o.of<PodmanOptions>().poll; },
        .check = &option::check_period_or_zero,
        .of_watches = true},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::podman,
               .word = "podman",
               .in_auto = true,
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
    .twin = RuntimeBackendKind::docker,
};

}  // namespace rollcall::podman
