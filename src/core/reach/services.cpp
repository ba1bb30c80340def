#include "core/reach/services.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/reach/port_table.hpp"

namespace rollcall {
namespace {

using Type = Sourced<std::string>;

using PortKey = std::pair<std::uint16_t, Protocol>;

/// The ports that clients of the host reach, sorted: an instance may have thousands.
std::vector<PortKey> reachable_through_host(const Instance& instance) {
  std::vector<PortKey> keys;
  for (const PortMapping& port : instance.ports) {
    if (port.scope != PortScope::published && port.scope != PortScope::host) continue;
    keys.emplace_back(port.container_port, port.protocol);
  }
  std::ranges::sort(keys);
  return keys;
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

/// A port that labels name, and its protocol if they tell that, too.
struct NamedPort {
  std::uint16_t port = 0;
  std::optional<Protocol> protocol;
};

/// The protocol below a scheme, where it tells one.
std::optional<Protocol> protocol_of_scheme(std::string_view scheme) {
  if (scheme == "udp") return Protocol::udp;
  const bool tcp = scheme == "http" || scheme == "https" || scheme == "h2c" || scheme == "tcp";
  return tcp ? std::optional(Protocol::tcp) : std::nullopt;
}

std::optional<Protocol> protocol_of_type(const Metadata::Port& said) {
  if (said.type && said.type->value.ends_with("._tcp")) return Protocol::tcp;
  if (said.type && said.type->value.ends_with("._udp")) return Protocol::udp;
  return std::nullopt;
}

/// The port that clients want, if labels tell it.
std::optional<NamedPort> wanted_port(const Metadata& metadata) {
  if (!metadata.target || !metadata.target->port) return std::nullopt;
  NamedPort wanted{.port = metadata.target->port->value, .protocol = std::nullopt};
  if (const auto& scheme = metadata.target->scheme) {
    wanted.protocol = protocol_of_scheme(scheme->value);
  }
  return wanted;
}

/// The ports that labels name and do not switch off.
std::vector<NamedPort> ports_of_labels(const Metadata& metadata) {
  std::vector<NamedPort> named;
  if (const auto wanted = wanted_port(metadata)) named.push_back(*wanted);
  // The routes of labels are those of proxies that speak over TCP.
  for (const Route& route : metadata.routes) {
    if (route.port != 0) named.push_back({route.port, Protocol::tcp});
  }
  for (const Metadata::Port& said : metadata.ports) {
    if (said.enable && !said.enable->value) continue;
    const bool named_otherwise = said.enable || said.name || said.type || said.tags;
    if ((said.enable_tcp || said.enable_udp) && !named_otherwise) continue;
    named.push_back({said.port, protocol_of_type(said)});
  }
  return named;
}

/// Adds the ports that only labels name: without EXPOSE or an annotation the runtime does not know
/// them. A port without a protocol matches any listed port of its number, and is TCP otherwise.
void add_unlisted(std::vector<Service>& services, std::vector<NamedPort> named) {
  std::ranges::partition(named, [](const NamedPort& n) { return n.protocol.has_value(); });
  std::set<PortKey> known;
  for (const Service& service : services) known.emplace(service.port, service.protocol);
  for (const auto& [port, protocol] : named) {
    const auto any = known.lower_bound({port, Protocol{}});
    if (!protocol && any != known.end() && any->first == port) continue;
    if (!known.emplace(port, protocol.value_or(Protocol::tcp)).second) continue;
    services.push_back({.port = port,
                        .protocol = protocol.value_or(Protocol::tcp),
                        .name = {},
                        .type = {},
                        .tags = {},
                        .listed = false,
                        .why = {}});
  }
  std::ranges::sort(services, {}, key_of);
}

/// The first route to each TCP port.
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

/// Whether what is said of a port is meant for this protocol.
bool fits(const Metadata::Port& said, Protocol protocol) {
  const auto of_type = protocol_of_type(said);
  return !of_type || (*of_type == Protocol::tcp) == (protocol == Protocol::tcp);
}

/// What labels say of the type of a port; empty if nothing.
Type type_of_labels(const Metadata& metadata, const Service& service, const Route* route) {
  const Metadata::Port* said = said_of(metadata, service.port);
  if (said != nullptr && said->type && fits(*said, service.protocol)) return *said->type;
  if (service.primary && metadata.type) return *metadata.type;
  if (service.protocol != Protocol::tcp) return {};
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

/// The type by the runtime's own name of the port, before labels rename it, or else by the port.
Type type_of_runtime(const Service& service) {
  if (!service.name.value.empty() && is_known_service(service.name.value)) {
    return {service.name.value, "port name"};
  }
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
  if (service.protocol == Protocol::tcp && said->enable_tcp) service.enable = *said->enable_tcp;
  if (service.protocol == Protocol::udp && said->enable_udp) service.enable = *said->enable_udp;
  if (said->enable) service.enable = *said->enable;
}

/// The service of a port that labels name, which must exist; TCP is preferred if they name no
/// protocol.
Service& service_at(std::vector<Service>& services, const NamedPort& named) {
  const Protocol protocol = named.protocol.value_or(Protocol::tcp);
  const auto at = std::ranges::find(services, std::tuple(named.port, protocol), key_of);
  return at != services.end() ? *at : *std::ranges::find(services, named.port, &Service::port);
}

/// Marks the primary service.
void choose(const Instance& instance, std::vector<Service>& services) {
  if (services.empty()) return;
  const auto mark = [](Service& service, std::string why) {
    service.primary = true;
    service.why = std::move(why);
  };
  const Metadata* metadata = instance.metadata.get();
  if (const auto wanted = metadata == nullptr ? std::nullopt : wanted_port(*metadata)) {
    const Sourced<std::uint16_t>& port = *metadata->target->port;
    return mark(service_at(services, *wanted), fmt::format("{} says {}", port.source, port.value));
  }
  if (services.size() == 1) return mark(services.front(), "it is the only one");
  const std::vector<PortKey> outside = reachable_through_host(instance);
  const auto is_outside = [&outside](const Service& service) {
    return std::ranges::binary_search(outside, PortKey(service.port, service.protocol));
  };
  const auto rank = [&is_outside](const Service& service) {
    const bool tcp = service.protocol == Protocol::tcp;
    return std::tuple(!service.enable.value, !tcp, !tcp || !is_outside(service));
  };
  Service& best = *std::ranges::min_element(services, {}, rank);
  const bool published = is_outside(best);
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
  if (metadata != nullptr) add_unlisted(services, ports_of_labels(*metadata));
  for (Service& service : services) {
    service.type = type_of_runtime(service);
    if (metadata != nullptr) apply_labels(*metadata, service);
  }
  choose(instance, services);
  std::map<std::uint16_t, const Route*> routes;
  if (metadata != nullptr) routes = routes_by_port(*metadata);
  for (Service& service : services) {
    if (metadata != nullptr) {
      const auto route = routes.find(service.port);
      Type said =
          type_of_labels(*metadata, service, route == routes.end() ? nullptr : route->second);
      if (!said.value.empty()) service.type = std::move(said);
    }
    service.type.value = full_service_type(service.type.value, service.protocol);
  }
  return services;
}

}  // namespace rollcall
