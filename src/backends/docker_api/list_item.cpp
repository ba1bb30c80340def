#include "backends/docker_api/list_item.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/addresses.hpp"
#include "core/instance_lists.hpp"
#include "core/reach/registration.hpp"
#include "core/secrets/secrets.hpp"

namespace rollcall::docker_api {
namespace {

// Links add names like "/other/alias"; the container's own name has one slash.
std::string_view own_name(const std::vector<std::string_view>& names) {
  const auto own = std::ranges::find_if(
      names, [](std::string_view name) { return name.find('/', 1) == std::string_view::npos; });
  if (own == names.end()) return {};
  return own->starts_with('/') ? own->substr(1) : *own;
}

// States of a stopped container that say enough as a reason.
constexpr std::array<std::string_view, 7> telling_states{
    "created", "configured", "initialized", "dead", "removing", "removal in progress", "stopping"};

bool is_telling(std::string_view state) {
  return std::ranges::find(telling_states, state) != telling_states.end();
}

std::optional<InstanceState> state_of(std::string_view word) {
  if (word == "running") return InstanceState::running;
  if (word == "paused") return InstanceState::paused;
  if (word == "restarting") return InstanceState::restarting;
  if (word == "exited" || word == "stopped" || is_telling(word)) return InstanceState::stopped;
  return std::nullopt;
}

// The number in "Exited (137) 3 seconds ago" and "Restarting (4) 2 seconds ago". The time in that
// prose is ignored, as it would make every answer differ from the last.
std::optional<int> exit_code(std::string_view status) {
  for (const std::string_view start : {"Exited (", "Restarting ("}) {
    if (!status.starts_with(start)) continue;
    const char* end = status.data() + status.size();
    int code = 0;
    const auto result = std::from_chars(status.data() + start.size(), end, code);
    if (result.ec == std::errc() && result.ptr != end && *result.ptr == ')') return code;
  }
  return std::nullopt;
}

void set_state(Instance& instance, const ListItem& item) {
  const auto state = state_of(item.state);
  instance.state = state.value_or(InstanceState::unknown);
  if (!state) {
    add_problem(instance, "State", fmt::format("\"{}\" is no known state", quotation(item.state)));
  }
  if (const auto code = exit_code(item.status)) {
    instance.reason = fmt::format("exited with {}", *code);
  } else if (is_telling(item.state)) {
    instance.reason = item.state;
  }
}

// The health that engines before API 1.52 tell at the end of the status prose.
std::string_view health_in_prose(std::string_view status) {
  if (status.ends_with("(healthy)")) return "healthy";
  if (status.ends_with("(unhealthy)")) return "unhealthy";
  if (status.ends_with("(health: starting)")) return "starting";
  return {};
}

void set_health(Instance& instance, const ListItem& item) {
  // Engines silently set the health of a paused container to unhealthy, and do not check stopped
  // ones.
  if (instance.state != InstanceState::running) return;
  const std::string_view word = item.health.empty() ? health_in_prose(item.status) : item.health;
  const auto health = health_of(word);
  instance.health = health.value_or(Health::none);
  if (!health) {
    add_problem(instance, "Health.Status",
                fmt::format("\"{}\" is no known health", quotation(word)));
  }
}

void set_network_mode(Instance& instance, const ListItem& item) {
  constexpr std::string_view joins = "container:";
  std::string_view mode = item.network_mode;
  // Podman's list has no mode, but lists the networks "host" and "none".
  if (mode.empty() && item.networks.size() == 1) mode = item.networks.front().name;
  if (mode == "host") instance.network_mode = NetworkMode::host;
  if (mode == "none") instance.network_mode = NetworkMode::none;
  if (mode.starts_with(joins)) {
    instance.network_mode = NetworkMode::joined;
    instance.network_owner = mode.substr(joins.size());
  }
}

void add_address(Instance& instance, std::string_view network, std::string_view ip) {
  if (ip.empty()) return;
  auto address = canonical_address(ip);
  if (!address) {
    return add_problem(
        instance, "NetworkSettings.Networks",
        fmt::format("\"{}\" in \"{}\" is not an IP address", quotation(ip), quotation(network)));
  }
  address->network = network;
  instance.addresses.push_back(std::move(*address));
}

std::optional<Protocol> protocol_of(std::string_view word) {
  if (word.empty()) return Protocol::tcp;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    if (word == to_string(protocol)) return protocol;
  }
  return std::nullopt;
}

bool is_port(std::int64_t number) {
  return number > 0 && number <= 65535;
}

// The address that a port is published on; Podman omits the wildcard.
std::optional<std::string> host_ip_of(const ListItem::Port& port) {
  if (port.ip.empty()) return "0.0.0.0";
  auto address = canonical_address(port.ip);
  if (!address) return std::nullopt;
  return std::move(address->ip);
}

void add_port(Instance& instance, const ListItem::Port& port) {
  const auto protocol = protocol_of(port.protocol);
  if (!protocol) {
    return add_problem(instance, "Ports.Type",
                       fmt::format("\"{}\" is not tcp, udp or sctp", quotation(port.protocol)));
  }
  const bool published = port.host_port != 0;
  if (!is_port(port.container_port) || (published && !is_port(port.host_port))) {
    return add_problem(instance, "Ports",
                       fmt::format("{} -> {} is not a pair of ports from 1 to 65535",
                                   port.host_port, port.container_port));
  }
  PortMapping mapping;
  mapping.container_port = static_cast<std::uint16_t>(port.container_port);
  mapping.protocol = *protocol;
  if (published) {
    auto ip = host_ip_of(port);
    if (!ip) {
      return add_problem(instance, "Ports.IP",
                         fmt::format("\"{}\" is not an IP address", quotation(port.ip)));
    }
    mapping.scope = PortScope::published;
    mapping.host_ip = std::move(*ip);
    mapping.host_port = static_cast<std::uint16_t>(port.host_port);
  } else if (instance.network_mode == NetworkMode::host) {
    // On the host's network the container's port is the host's, at all addresses that it listens
    // on.
    mapping.scope = PortScope::host;
    mapping.host_port = mapping.container_port;
  }
  instance.ports.push_back(std::move(mapping));
}

void set_created(Instance& instance, std::int64_t seconds) {
  constexpr std::int64_t latest =
      std::chrono::floor<std::chrono::seconds>(Timestamp::max()).time_since_epoch().count();
  if (seconds == 0) return;
  if (seconds < 0 || seconds > latest) {
    return add_problem(instance, "Created", fmt::format("{} is not a time", seconds));
  }
  instance.created_at = std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

// The value of the first of these labels that is not empty.
std::string first_of(const Labels& labels, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const auto value = labels.find(key); value && !value->empty()) return std::string(*value);
  }
  return {};
}

void set_labels(Instance& instance, const std::vector<Labels::Entry>& entries,
                const Masker& masker) {
  masker.read_labels(entries, instance);
  instance.group = first_of(
      instance.labels,
      {"com.docker.compose.project", "io.podman.compose.project", "com.docker.stack.namespace"});
  if (!is_one_off(instance.labels)) {
    instance.service =
        first_of(instance.labels, {"com.docker.compose.service", "io.podman.compose.service",
                                   "com.docker.swarm.service.name"});
  }
}

// An engine may list a container as running before it tells its addresses.
bool awaits_address(const Instance& instance, const ListItem& item) {
  const auto gives_addresses = [](const ListItem::Network& network) {
    return network.name != "host" && network.name != "none";
  };
  const auto gave_some = [](const ListItem::Network& network) {
    return !network.ipv4.empty() || !network.ipv6.empty();
  };
  return instance.state == InstanceState::running && instance.network_mode == NetworkMode::own &&
         std::ranges::any_of(item.networks, gives_addresses) &&
         std::ranges::none_of(item.networks, gave_some);
}

}  // namespace

std::optional<Health> health_of(std::string_view word) {
  // Podman's word for a check that begins anew, behind a pause.
  if (word == "reset") return Health::starting;
  // Podman's word for one that is not made while the container does not run.
  if (word.empty() || word == "none" || word == "stopped") return Health::none;
  for (const Health health : {Health::starting, Health::healthy, Health::unhealthy}) {
    if (word == to_string(health)) return health;
  }
  return std::nullopt;
}

void ListItem::clear() {
  ListItem empty;
  empty.names = std::move(names);
  empty.networks = std::move(networks);
  empty.ports = std::move(ports);
  empty.labels = std::move(labels);
  *this = std::move(empty);
  names.clear();
  networks.clear();
  ports.clear();
  labels.clear();
}

DecodedContainer interpret(const ListItem& item, const Masker& masker) {
  Instance instance;
  instance.key.id = item.id;
  instance.name = own_name(item.names);
  instance.kind = InstanceKind::container;
  instance.image = item.image;
  instance.problems = item.problems;
  set_state(instance, item);
  set_health(instance, item);
  set_network_mode(instance, item);
  set_created(instance, item.created);
  set_labels(instance, item.labels, masker);
  // For a stopped container the engine still lists the addresses and ports of its last run.
  if (in_running_set(instance)) {
    for (const auto& [name, ipv4, ipv6] : item.networks) {
      add_address(instance, name, ipv4);
      add_address(instance, name, ipv6);
    }
    for (const ListItem::Port& port : item.ports) add_port(instance, port);
  }
  masker.finish(instance);
  complete_list(instance.addresses);
  complete_list(instance.ports);
  complete_list(instance.problems);
  const bool awaits = awaits_address(instance, item);
  DecodedContainer decoded;
  decoded.instance = std::move(instance);
  decoded.awaits_address = awaits;
  return decoded;
}

}  // namespace rollcall::docker_api
