#include "backends/docker/runtime.hpp"

#include <array>

#include <rollcall/options/docker.hpp>

#include "backends/docker/driver.hpp"
#include "backends/docker/places.hpp"

namespace rollcall::docker {
namespace {

constexpr std::array options = {
    RuntimeOption{
        .key = "read_env",
        .flag = "--read-env",
        .summary = "Also the variables of containers that tools treat as labels",
        .at = [](RuntimeOptions& o) -> option::Field { return &o.of<DockerOptions>().read_env; }},
};

}  // namespace

constinit const Runtime runtime{
    .traits = {.kind = RuntimeBackendKind::docker,
               .word = "docker",
               .in_auto = true,
               .options = options},
    .places = &places,
    .make_driver = &make_driver,
    .twin = RuntimeBackendKind::podman,
};

}  // namespace rollcall::docker
