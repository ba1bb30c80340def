#include "core/reach.hpp"

#include <algorithm>
#include <optional>
#include <vector>

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

/// The one that serves most clients: all addresses before one, one before loopback; IPv4 first.
const PortMapping* best_mapping(const Instance& instance, const Service& service) {
  const PortMapping* best = nullptr;
  const auto rank = [](const PortMapping& port) {
    return std::tuple(is_loopback(port.host_ip), !is_wildcard(port.host_ip), is_ipv6(port.host_ip));
  };
  for (const PortMapping& port : instance.ports) {
    if (port.container_port != service.port || port.protocol != service.protocol) continue;
    const bool inside = port.scope == PortScope::internal || port.scope == PortScope::cluster;
    if (inside || port.host_port == 0) continue;
    if (best == nullptr || rank(port) < rank(*best)) best = &port;
  }
  return best;
}

/// The address that clients in its networks use, and why this one.
struct Chosen {
  const Address* address = nullptr;
  std::string why;
};

Chosen chosen_address(const Instance& instance) {
  std::vector<const Address*> candidates;
  for (const Address& address : instance.addresses) candidates.push_back(&address);
  std::ranges::sort(candidates, {}, [](const Address* a) { return std::tie(a->family, *a); });
  if (candidates.empty()) return {.why = "the runtime tells no address of it"};
  const Metadata* metadata = instance.metadata.get();
  if (metadata != nullptr && metadata->target && metadata->target->network) {
    const auto& wanted = *metadata->target->network;
    const auto at = std::ranges::find(candidates, wanted.value, &Address::network);
    if (at != candidates.end()) {
      return {.address = *at, .why = fmt::format("{} chooses {}", wanted.source, wanted.value)};
    }
    return {.address = candidates.front(),
            .why = fmt::format("{} chooses {}, which it is not in; the first of the others",
                               wanted.source, wanted.value)};
  }
  const auto other = std::ranges::find_if(candidates, [&](const Address* address) {
    return address->network != candidates.front()->network;
  });
  if (other == candidates.end()) return {.address = candidates.front(), .why = "its own address"};
  return {.address = candidates.front(),
          .why = "it is in several networks, and this is the first; rollcall.network chooses"};
}

class Finder {
 public:
  Finder(const Instance& instance, const Service& service)
      : instance_(instance),
        service_(service),
        engine_(place_of_engine(instance.key.endpoint)),
        mapping_(best_mapping(instance, service)) {}

  [[nodiscard]] Reach from(Vantage vantage) const {
    if (instance_.state != InstanceState::running && instance_.state != InstanceState::reloading) {
      return none(vantage, ReachReason::not_running,
                  fmt::format("it is {}", to_string(instance_.state)));
    }
    if (instance_.network_mode == NetworkMode::none) {
      return none(vantage, ReachReason::no_network, "it has no network");
    }
    switch (vantage) {
      case Vantage::this_host:
        return engine_.here ? from_its_host() : from_elsewhere(vantage);
      case Vantage::container_network:
        return from_its_network();
      case Vantage::elsewhere:
        return from_elsewhere(vantage);
    }
    return none(vantage, ReachReason::no_address, {});
  }

 private:
  [[nodiscard]] static Reach none(Vantage from, ReachReason reason, std::string why) {
    Reach reach;
    reach.from = from;
    reach.reason = reason;
    reach.why = std::move(why);
    return reach;
  }

  [[nodiscard]] static Reach at(Vantage from, ReachReason reason, std::string address,
                                std::uint16_t port, std::string why) {
    Reach reach = none(from, reason, std::move(why));
    reach.possible = true;
    reach.any_of_host = address.empty();
    reach.address = std::move(address);
    reach.port = port;
    return reach;
  }

  [[nodiscard]] std::string how() const {
    if (mapping_->scope == PortScope::host) {
      return is_wildcard(mapping_->host_ip)
                 ? "it listens on all addresses of its host"
                 : fmt::format("it listens on {} of its host", mapping_->host_ip);
    }
    return is_wildcard(mapping_->host_ip)
               ? "the host forwards the port from all of its addresses"
               : fmt::format("the host forwards the port from {}", mapping_->host_ip);
  }

  [[nodiscard]] ReachReason mapped() const {
    if (mapping_->scope == PortScope::host) return ReachReason::listens_on_host;
    return is_wildcard(mapping_->host_ip) ? ReachReason::published : ReachReason::published_on;
  }

  /// Whatever it listens on is a port of its host; of ports that labels alone tell nobody says on
  /// which of the host's addresses.
  [[nodiscard]] bool is_on_host() const {
    return instance_.network_mode == NetworkMode::host && instance_.addresses.empty();
  }

  [[nodiscard]] Reach on_host(Vantage from, std::string address) const {
    return at(from, ReachReason::listens_on_host, std::move(address), service_.port,
              "it uses the host's network: any address of the host that the client reaches");
  }

  [[nodiscard]] Reach from_its_host() const {
    constexpr auto here = Vantage::this_host;
    if (mapping_ != nullptr) {
      std::string address = mapping_->host_ip;
      if (is_wildcard(address)) address = is_ipv6(address) ? "::1" : "127.0.0.1";
      return at(here, mapped(), std::move(address), mapping_->host_port, how());
    }
    if (is_on_host()) return on_host(here, "127.0.0.1");
    if (engine_.rootless) {
      return none(here, ReachReason::not_published,
                  "the port is not published, and networks of rootless engines are not routed");
    }
    return at_own_address(here, "not published; the host is in its networks, and ");
  }

  [[nodiscard]] Reach from_its_network() const {
    constexpr auto there = Vantage::container_network;
    if (mapping_ != nullptr && mapping_->scope == PortScope::host) return from_elsewhere(there);
    if (is_on_host()) return on_host(there, {});
    return at_own_address(there, {});
  }

  [[nodiscard]] Reach at_own_address(Vantage from, const std::string& before) const {
    Chosen chosen = chosen_address(instance_);
    if (chosen.address == nullptr) {
      return none(from, ReachReason::no_address, std::move(chosen.why));
    }
    std::string why = before + chosen.why;
    if (instance_.network_mode == NetworkMode::joined) {
      why += fmt::format(" (of {}, whose network it uses)", instance_.network_owner.substr(0, 12));
    }
    return at(from, ReachReason::own_address, chosen.address->ip, service_.port, std::move(why));
  }

  [[nodiscard]] Reach from_elsewhere(Vantage from) const {
    if (mapping_ == nullptr) {
      if (is_on_host()) return on_host(from, engine_.host);
      return none(from, ReachReason::not_published,
                  "the port is not published: it is on the instance's own networks alone");
    }
    if (is_loopback(mapping_->host_ip)) return none(from, ReachReason::loopback_only, how());
    const std::string address = is_wildcard(mapping_->host_ip) ? engine_.host : mapping_->host_ip;
    return at(from, mapped(), address, mapping_->host_port, how());
  }

  const Instance& instance_;
  const Service& service_;
  EnginePlace engine_;
  const PortMapping* mapping_;
};

}  // namespace

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
  const Finder finder(instance, service);
  return {finder.from(Vantage::this_host), finder.from(Vantage::container_network),
          finder.from(Vantage::elsewhere)};
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
