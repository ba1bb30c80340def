#include "core/services.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "core/port_table.hpp"

namespace rollcall {
namespace {

using Type = Sourced<std::string>;

bool is_reachable_through_host(const Instance& instance, const Service& service) {
  return std::ranges::any_of(instance.ports, [&](const PortMapping& port) {
    return port.container_port == service.port && port.protocol == service.protocol &&
           port.scope != PortScope::internal;
  });
}

auto key_of(const Service& service) {
  return std::tuple(service.port, service.protocol);
}

/// A service for each port that the runtime knows.
std::vector<Service> listed_services(const Instance& instance) {
  std::vector<Service> services;
  for (const PortMapping& port : instance.ports) {
    Service service{.port = port.container_port,
                    .protocol = port.protocol,
                    .name = {.value = port.name, .source = port.name.empty() ? "" : "runtime"},
                    .type = {},
                    .tags = {},
                    .why = {}};
    services.push_back(std::move(service));
  }
  // One port may be published on several addresses; of its names the first that is given counts.
  std::ranges::sort(services, {}, [](const Service& service) {
    return std::tuple(key_of(service), service.name.value.empty(),
                      std::string_view(service.name.value));
  });
  const auto same = std::ranges::unique(services, {}, key_of);
  services.erase(same.begin(), same.end());
  return services;
}

/// The ports that labels name. The runtime may not have been told of one: no EXPOSE, no annotation.
std::set<std::uint16_t> ports_of_labels(const Metadata& metadata) {
  std::set<std::uint16_t> ports;
  if (metadata.target && metadata.target->port) ports.insert(metadata.target->port->value);
  for (const Route& route : metadata.routes) {
    if (route.port != 0) ports.insert(route.port);
  }
  return ports;
}

void add_unlisted(std::vector<Service>& services, std::set<std::uint16_t> ports) {
  for (const Service& service : services) ports.erase(service.port);
  for (const std::uint16_t port : ports) {
    services.push_back(
        Service{.port = port, .name = {}, .type = {}, .tags = {}, .listed = false, .why = {}});
  }
  std::ranges::sort(services, {}, key_of);
}

/// The first route to each port.
std::map<std::uint16_t, const Route*> routes_by_port(const Metadata& metadata) {
  std::map<std::uint16_t, const Route*> routes;
  for (const Route& route : metadata.routes) routes.try_emplace(route.port, &route);
  return routes;
}

/// What labels say of this very port; null if nothing.
const Metadata::Port* said_of(const Metadata& metadata, std::uint16_t port) {
  const auto at = std::ranges::lower_bound(metadata.ports, port, {}, &Metadata::Port::port);
  return at == metadata.ports.end() || at->port != port ? nullptr : &*at;
}

/// What a scheme of a URL tells of the type.
std::string_view service_of_scheme(std::string_view scheme) {
  if (scheme == "http" || scheme == "h2c") return "http";
  if (scheme == "https") return "https";
  return {};
}

/// What labels say of the type of a port; empty if nothing.
Type type_of_labels(const Metadata& metadata, const Service& service, const Route* route) {
  const Metadata::Port* said = said_of(metadata, service.port);
  if (said != nullptr && said->type) return *said->type;
  if (service.primary && metadata.type) return *metadata.type;
  if (service.primary && metadata.target && metadata.target->scheme) {
    const auto& scheme = *metadata.target->scheme;
    const std::string_view spoken = service_of_scheme(scheme.value);
    if (!spoken.empty()) return {.value = std::string(spoken), .source = scheme.source};
  }
  if (route != nullptr) {
    // Proxies speak HTTP where nothing else is said.
    const std::string_view spoken =
        route->scheme.empty() ? "http" : service_of_scheme(route->scheme);
    if (!spoken.empty()) return {.value = std::string(spoken), .source = route->source};
  }
  return {};
}

Type type_of(const Metadata* metadata, const Service& service, const Route* route) {
  if (metadata != nullptr) {
    Type said = type_of_labels(*metadata, service, route);
    if (!said.value.empty()) return said;
  }
  if (is_known_service(service.name.value)) return {service.name.value, "port name"};
  if (const PortRow* row = find_port_row(service.port, service.protocol)) {
    return {std::string(row->service), "port table"};
  }
  return {fmt::format("port-{}", service.port), "fallback"};
}

void apply_labels(const Metadata& metadata, Service& service) {
  if (metadata.tags) service.tags = metadata.tags->value;
  const Metadata::Port* said = said_of(metadata, service.port);
  if (said == nullptr) return;
  if (said->name) service.name = *said->name;
  if (said->tags) service.tags = said->tags->value;
  if (said->enable) service.enable = *said->enable;
}

/// Marks the primary service.
void choose(const Instance& instance, std::vector<Service>& services) {
  if (services.empty()) return;
  const auto mark = [](Service& service, std::string why) {
    service.primary = true;
    service.why = std::move(why);
  };
  const Metadata* metadata = instance.metadata.get();
  if (metadata != nullptr && metadata->target && metadata->target->port) {
    const auto& port = *metadata->target->port;
    const auto at = std::ranges::find(services, port.value, &Service::port);
    return mark(*at, fmt::format("{} says {}", port.source, port.value));
  }
  if (services.size() == 1) return mark(services.front(), "it is the only one");
  const auto rank = [&instance](const Service& service) {
    const bool tcp = service.protocol == Protocol::tcp;
    return std::tuple(!service.enable.value, !tcp,
                      !tcp || !is_reachable_through_host(instance, service));
  };
  Service& best = *std::ranges::min_element(services, {}, rank);
  const bool published = is_reachable_through_host(instance, best);
  if (best.protocol != Protocol::tcp) return mark(best, "it is the lowest");
  mark(best, published ? "it is the lowest TCP port that the host forwards or has"
                       : "it is the lowest TCP port");
}

}  // namespace

std::string full_service_type(const std::string& said, Protocol protocol) {
  if (said.starts_with('_')) return said;
  return fmt::format("_{}.{}", said, protocol == Protocol::tcp ? "_tcp" : "_udp");
}

std::vector<Service> derive_services(const Instance& instance) {
  std::vector<Service> services = listed_services(instance);
  const Metadata* metadata = instance.metadata.get();
  std::map<std::uint16_t, const Route*> routes;
  if (metadata != nullptr) {
    routes = routes_by_port(*metadata);
    add_unlisted(services, ports_of_labels(*metadata));
    for (Service& service : services) apply_labels(*metadata, service);
  }
  choose(instance, services);
  for (Service& service : services) {
    const auto route = routes.find(service.port);
    service.type = type_of(metadata, service, route == routes.end() ? nullptr : route->second);
    service.type.value = full_service_type(service.type.value, service.protocol);
  }
  return services;
}

}  // namespace rollcall
