#include "core/reach/reach.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace rollcall {
namespace {

bool is_wildcard(std::string_view ip) {
  return ip.empty() || ip == "0.0.0.0" || ip == "::";
}

bool is_loopback(std::string_view ip) {
  return ip.starts_with("127.") || ip == "::1" || ip.starts_with("::ffff:127.");
}

bool is_ipv6(std::string_view ip) {
  return ip.contains(':');
}

/// What a port is asked by: its own number and its protocol.
auto key_of(const PortMapping& port) {
  return std::pair(port.container_port, port.protocol);
}

/// A sort key: the mapping that serves most clients first. All addresses come before a single one,
/// and that before loopback; IPv4 before IPv6.
auto rank_of(const PortMapping& port) {
  return std::tuple(is_loopback(port.host_ip), !is_wildcard(port.host_ip), is_ipv6(port.host_ip));
}

bool is_through_host(const PortMapping& port) {
  const bool inside = port.scope == PortScope::internal || port.scope == PortScope::cluster;
  return !inside && port.host_port != 0;
}

Reach none(Vantage from, ReachReason reason, std::string why) {
  Reach reach;
  reach.from = from;
  reach.reason = reason;
  reach.why = std::move(why);
  return reach;
}

Reach at(Vantage from, ReachReason reason, std::string address, std::uint16_t port,
         std::string why) {
  Reach reach = none(from, reason, std::move(why));
  reach.possible = true;
  reach.any_of_host = address.empty();
  reach.address = std::move(address);
  reach.port = port;
  return reach;
}

std::string how(const PortMapping& mapping) {
  if (mapping.scope == PortScope::host) {
    return is_wildcard(mapping.host_ip)
               ? "it listens on all addresses of its host"
               : fmt::format("it listens on {} of its host", mapping.host_ip);
  }
  return is_wildcard(mapping.host_ip)
             ? "the host forwards the port from all of its addresses"
             : fmt::format("the host forwards the port from {}", mapping.host_ip);
}

ReachReason reason_of(const PortMapping& mapping) {
  if (mapping.scope == PortScope::host) return ReachReason::listens_on_host;
  return is_wildcard(mapping.host_ip) ? ReachReason::published : ReachReason::published_on;
}

}  // namespace

Ways::Ways(const Instance& instance)
    : instance_(instance),
      engine_(place_of_engine(instance.key.endpoint)),
      own_(own_address_of(instance)) {
  for (const PortMapping& port : instance.ports) {
    if (is_through_host(port)) mappings_.push_back(&port);
  }
  // Among equally good mappings the first stays.
  std::ranges::sort(mappings_, {}, [](const PortMapping* port) {
    return std::tuple(key_of(*port), rank_of(*port), port);
  });
  const auto worse =
      std::ranges::unique(mappings_, {}, [](const PortMapping* port) { return key_of(*port); });
  mappings_.erase(worse.begin(), worse.end());
}

const PortMapping* Ways::mapping_of(const Service& service) const {
  const std::pair key(service.port, service.protocol);
  const auto by_key = [](const PortMapping* port) { return key_of(*port); };
  const auto found = std::ranges::lower_bound(mappings_, key, {}, by_key);
  return found == mappings_.end() || by_key(*found) != key ? nullptr : *found;
}

/// The address that clients in its networks use, and why this one.
Ways::Own Ways::own_address_of(const Instance& instance) {
  std::vector<const Address*> candidates;
  for (const Address& address : instance.addresses) candidates.push_back(&address);
  std::ranges::sort(candidates, {}, [](const Address* a) { return std::tie(a->family, *a); });
  if (candidates.empty()) return {.address = {}, .why = "the runtime tells no address of it"};
  const std::string& first = candidates.front()->ip;
  const Metadata* metadata = instance.metadata.get();
  if (metadata != nullptr && metadata->target && metadata->target->network) {
    const auto& wanted = *metadata->target->network;
    const auto chosen = std::ranges::find(candidates, wanted.value, &Address::network);
    if (chosen != candidates.end()) {
      return {.address = (*chosen)->ip,
              .why = fmt::format("{} chooses {}", wanted.source, wanted.value)};
    }
    return {.address = first,
            .why = fmt::format("{} chooses {}, which it is not in; the first of the others",
                               wanted.source, wanted.value)};
  }
  const auto other = std::ranges::find_if(candidates, [&](const Address* address) {
    return address->network != candidates.front()->network;
  });
  if (other == candidates.end()) return {.address = first, .why = "its own address"};
  return {.address = first,
          .why = "it is in several networks, and this is the first; rollcall.network chooses"};
}

Reach Ways::to(const Service& service, Vantage from) const {
  if (instance_.state != InstanceState::running && instance_.state != InstanceState::reloading) {
    return none(from, ReachReason::not_running,
                fmt::format("it is {}", to_string(instance_.state)));
  }
  // Its host may forward a port into it all the same, as proxy devices of Incus do.
  const bool no_way = from == Vantage::container_network || mapping_of(service) == nullptr;
  if (instance_.network_mode == NetworkMode::none && no_way) {
    return none(from, ReachReason::no_network, "it has no network");
  }
  switch (from) {
    case Vantage::this_host:
      return engine_.here ? from_its_host(service) : from_elsewhere(service, from);
    case Vantage::container_network:
      return from_its_network(service);
    case Vantage::elsewhere:
      return from_elsewhere(service, from);
  }
  return none(from, ReachReason::no_address, {});
}

std::array<Reach, 3> Ways::to(const Service& service) const {
  return {to(service, Vantage::this_host), to(service, Vantage::container_network),
          to(service, Vantage::elsewhere)};
}

/// Every port of such an instance is a port of its host. For ports that only labels name, the
/// host's address is unknown.
bool Ways::is_on_host() const {
  return instance_.network_mode == NetworkMode::host && instance_.addresses.empty();
}

Reach Ways::on_host(Vantage from, const Service& service, std::string address) const {
  return at(from, ReachReason::listens_on_host, std::move(address), service.port,
            "it uses the host's network: any address of the host that the client reaches");
}

Reach Ways::from_its_host(const Service& service) const {
  constexpr auto here = Vantage::this_host;
  if (const PortMapping* mapping = mapping_of(service)) {
    std::string address = mapping->host_ip;
    if (is_wildcard(address)) address = is_ipv6(address) ? "::1" : "127.0.0.1";
    return at(here, reason_of(*mapping), std::move(address), mapping->host_port, how(*mapping));
  }
  if (is_on_host()) return on_host(here, service, "127.0.0.1");
  if (engine_.rootless) {
    return none(here, ReachReason::not_published,
                "the port is not published, and networks of rootless engines are not routed");
  }
  return at_own_address(service, here, "not published; the host is in its networks, and ");
}

Reach Ways::from_its_network(const Service& service) const {
  constexpr auto there = Vantage::container_network;
  const PortMapping* mapping = mapping_of(service);
  if (mapping != nullptr && mapping->scope == PortScope::host) {
    return from_elsewhere(service, there);
  }
  if (is_on_host()) return on_host(there, service, {});
  return at_own_address(service, there, {});
}

Reach Ways::at_own_address(const Service& service, Vantage from, std::string_view before) const {
  if (own_.address.empty()) return none(from, ReachReason::no_address, own_.why);
  std::string why = fmt::format("{}{}", before, own_.why);
  if (instance_.network_mode == NetworkMode::joined) {
    why += fmt::format(" (of {}, whose network it uses)", instance_.network_owner.substr(0, 12));
  }
  return at(from, ReachReason::own_address, own_.address, service.port, std::move(why));
}

Reach Ways::from_elsewhere(const Service& service, Vantage from) const {
  const PortMapping* mapping = mapping_of(service);
  if (mapping == nullptr) {
    if (is_on_host()) return on_host(from, service, engine_.host);
    return none(from, ReachReason::not_published,
                "the port is not published: it is on the instance's own networks alone");
  }
  if (is_loopback(mapping->host_ip)) return none(from, ReachReason::loopback_only, how(*mapping));
  const std::string address = is_wildcard(mapping->host_ip) ? engine_.host : mapping->host_ip;
  return at(from, reason_of(*mapping), address, mapping->host_port, how(*mapping));
}

EnginePlace place_of_engine(std::string_view endpoint) {
  EnginePlace place;
  place.rootless = endpoint.contains("/run/user/");
  for (const std::string_view scheme : {"tcp://", "http://", "https://", "ssh://"}) {
    if (!endpoint.starts_with(scheme)) continue;
    std::string_view host = endpoint.substr(scheme.size());
    host = host.substr(0, host.find('/'));
    host.remove_prefix(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
    if (host.starts_with('[')) {
      host = host.substr(1, host.find(']') - 1);
    } else {
      host = host.substr(0, host.find(':'));
    }
    place.here = host == "localhost" || is_loopback(host);
    if (!place.here) place.host = host;
  }
  return place;
}

std::array<Reach, 3> reach(const Instance& instance, const Service& service) {
  return Ways(instance).to(service);
}

std::string_view to_string(Vantage vantage) noexcept {
  switch (vantage) {
    case Vantage::this_host:
      return "this_host";
    case Vantage::container_network:
      return "container_network";
    case Vantage::elsewhere:
      return "elsewhere";
  }
  return {};
}

std::string_view to_string(ReachReason reason) noexcept {
  switch (reason) {
    case ReachReason::published:
      return "published";
    case ReachReason::published_on:
      return "published_on";
    case ReachReason::listens_on_host:
      return "listens_on_host";
    case ReachReason::own_address:
      return "own_address";
    case ReachReason::loopback_only:
      return "loopback_only";
    case ReachReason::not_published:
      return "not_published";
    case ReachReason::no_address:
      return "no_address";
    case ReachReason::no_network:
      return "no_network";
    case ReachReason::not_running:
      return "not_running";
  }
  return {};
}

}  // namespace rollcall
