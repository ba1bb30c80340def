#include "backends/incus/runtime.hpp"

#include <array>

#include <rollcall/options/incus.hpp>

#include "backends/incus/driver.hpp"
#include "backends/incus/places.hpp"

namespace rollcall::incus {
namespace {

constexpr std::array options = {
    RuntimeOption{
        .key = "incus.projects",
        .flag = "--project",
        .value = "NAME",
        .summary = "This project; repeatable",
        .at = [](RuntimeOptions& o) -> option::Field { return &o.of<IncusOptions>().projects; }},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::incus,
               .word = "incus",
               .other_words = {"lxc", "lxd"},
               .in_auto = true,
               .options_title = "Of Incus and LXD",
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
};

}  // namespace rollcall::incus
