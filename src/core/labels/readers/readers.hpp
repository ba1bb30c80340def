// The readers: a file for each tool. Each takes the labels of its family, in the order of their
// keys, and puts what they say into the draft.
#pragma once

#include <span>

#include <rollcall/labels.hpp>

#include "core/labels/readers/draft.hpp"

namespace rollcall::readers {

/// rollcall.* and koi.*, wherever they stand.
void read_rollcall(std::span<const Label> labels, Draft& draft);
void read_koi(std::span<const Label> labels, Draft& draft);

/// Traefik, versions 2 and 3: routers, services, health checks, its network.
void read_traefik(std::span<const Label> labels, Draft& draft);

/// caddy-docker-proxy: sites and their reverse_proxy directives.
void read_caddy(std::span<const Label> labels, Draft& draft);

/// registrator's SERVICE_*.
void read_registrator(std::span<const Label> labels, Draft& draft);

/// prometheus.io/scrape, port, path, scheme.
void read_prometheus(std::span<const Label> labels, Draft& draft);

/// homepage.group, name, icon, href, description.
void read_homepage(std::span<const Label> labels, Draft& draft);

/// VIRTUAL_HOST, VIRTUAL_PORT, KOI_MDNS_ANNOUNCE and the known ones of SERVICE_*; all others are
/// passed over.
void read_environment(const Labels& environment, Draft& draft);

}  // namespace rollcall::readers
