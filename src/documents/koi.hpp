// What clients of Koi ask for: its /v1/runtime answers, in its shape. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <rollcall/instance.hpp>

#include "engine/hub.hpp"

namespace rollcall::server {

/// {"active":true,"backend":"docker","instance_count":3}
///
/// Koi watches one runtime; of several that are watched now the names are joined by ", ". Null, and
/// not active, while there is none. Beyond what Koi says, "complete":false while it is not known
/// what some engine runs.
[[nodiscard]] std::string koi_status(std::span<const SourceStatus> sources, std::size_t instances,
                                     bool complete = true);

/// [{"id","name","ports":[{"host_port","container_port","protocol","host_ip"}],"ips":[…],
/// "metadata":{…},"backend","state","discovered_at","image"}]
///
/// Ports are those of the host, TCP and UDP. A hostname or port that Traefik's or Caddy's labels
/// tell fills in what no label of Koi or Rollcall says, and then `source` is "traefik-labels" or
/// "caddy-labels". Durations are whole seconds. An instance that is reloading is running to Koi.
///
/// Nothing, if it were longer than `most` bytes.
[[nodiscard]] std::optional<std::string> koi_instances(std::span<const InstancePtr> instances,
                                                       std::size_t most = SIZE_MAX);

}  // namespace rollcall::server
