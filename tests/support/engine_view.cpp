#include "support/engine_view.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

namespace rollcall::support {
namespace {

namespace json = boost::json;

// Both sides are written down as text, so that a difference reads well.
struct Facts {
  std::string name;
  std::string state;
  std::string health;
  std::string ports;
  std::string addresses;
  std::string labels;
  std::string owner;
  bool on_host = false;
};

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? json::value_to<std::string>(*value)
                                                : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

std::string joined(std::vector<std::string> items) {
  std::ranges::sort(items);
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string port_text(std::string_view host_ip, std::int64_t host_port, std::int64_t port,
                      std::string_view protocol) {
  return fmt::format("{}:{}->{}/{}", host_ip, host_port, port, protocol);
}

// The list reports health only in the status text: "Up 5 seconds (health: starting)".
std::string_view health_in(std::string_view status) {
  if (status.find("(healthy)") != status.npos) return "healthy";
  if (status.find("(unhealthy)") != status.npos) return "unhealthy";
  if (status.find("(health: starting)") != status.npos) return "starting";
  return "none";
}

std::string ports_in(const json::object& item) {
  std::vector<std::string> result;
  for (const auto& entry : item.at("Ports").as_array()) {
    const auto& port = entry.as_object();
    result.push_back(port_text(text_of(port, "IP"), number_of(port, "PublicPort"),
                               number_of(port, "PrivatePort"), text_of(port, "Type")));
  }
  return joined(result);
}

std::string addresses_in(const json::object& item) {
  std::vector<std::string> result;
  for (const auto& [network, settings] : item.at("NetworkSettings").at("Networks").as_object()) {
    for (const auto* key : {"IPAddress", "GlobalIPv6Address"}) {
      const auto ip = text_of(settings.as_object(), key);
      if (!ip.empty()) result.push_back(fmt::format("{}@{}", ip, std::string_view(network)));
    }
  }
  return joined(result);
}

std::string labels_in(const json::object& item) {
  std::vector<std::string> result;
  for (const auto& [key, value] : item.at("Labels").as_object()) {
    result.push_back(
        fmt::format("{}={}", std::string_view(key), json::value_to<std::string>(value)));
  }
  return joined(result);
}

Facts facts_of(const json::object& item) {
  Facts facts;
  facts.name = json::value_to<std::string>(item.at("Names").as_array().at(0)).substr(1);
  facts.state = text_of(item, "State");
  facts.health = health_in(text_of(item, "Status"));
  facts.ports = ports_in(item);
  facts.addresses = addresses_in(item);
  facts.labels = labels_in(item);
  constexpr std::string_view container = "container:";
  const auto mode = text_of(item.at("HostConfig").as_object(), "NetworkMode");
  if (mode.starts_with(container)) facts.owner = mode.substr(container.size());
  facts.on_host = mode == "host";
  return facts;
}

Facts facts_of(const Instance& instance) {
  Facts facts;
  facts.name = instance.name;
  facts.state = to_string(instance.state);
  facts.health = to_string(instance.health);
  std::vector<std::string> ports;
  for (const auto& port : instance.ports) {
    ports.push_back(
        port_text(port.host_ip, port.host_port, port.container_port, to_string(port.protocol)));
  }
  facts.ports = joined(ports);
  std::vector<std::string> addresses;
  for (const auto& address : instance.addresses) {
    addresses.push_back(fmt::format("{}@{}", address.ip, address.network));
  }
  facts.addresses = joined(addresses);
  std::vector<std::string> labels;
  for (const auto& [key, value] : instance.labels)
    labels.push_back(fmt::format("{}={}", key, value));
  facts.labels = joined(labels);
  facts.owner = instance.network_owner;
  return facts;
}

// A container that joined another's network is reached through the last owner in the chain: the
// engine lists no ports or addresses for the container itself.
void reach_through_owners(std::map<std::string, Facts>& engine) {
  const auto listed = engine;
  for (auto& [id, facts] : engine) {
    auto end = listed.find(id);
    for (auto owner = end; owner != listed.end(); owner = listed.find(owner->second.owner)) {
      end = owner;
    }
    facts.ports = end->second.ports;
    facts.addresses = end->second.addresses;
    if (!end->second.on_host) continue;
    facts.on_host = true;
    facts.owner.clear();
  }
}

std::map<std::string, Facts> engine_facts(const DockerApi& api) {
  std::map<std::string, Facts> result;
  for (const auto& item : api.get("/containers/json").as_array()) {
    result.emplace(text_of(item.as_object(), "Id"), facts_of(item.as_object()));
  }
  reach_through_owners(result);
  return result;
}

void compare(const Facts& told, const Facts& engine, std::vector<std::string>& sentences) {
  const auto note = [&](std::string_view field, const std::string& a, const std::string& b) {
    if (a != b)
      sentences.push_back(
          fmt::format("{}: {} is '{}', the engine says '{}'", engine.name, field, a, b));
  };
  note("name", told.name, engine.name);
  note("state", told.state, engine.state);
  // The status text of a paused container does not contain its health.
  if (engine.state == "running") note("health", told.health, engine.health);
  // The engine does not know the ports of a container on the host's network.
  if (!engine.on_host) note("ports", told.ports, engine.ports);
  note("addresses", told.addresses, engine.addresses);
  note("labels", told.labels, engine.labels);
  note("owner", told.owner, engine.owner);
}

}  // namespace

std::vector<std::string> differences(const std::map<std::string, InstancePtr>& instances,
                                     const DockerApi& api) {
  std::vector<std::string> sentences;
  const auto engine = engine_facts(api);
  for (const auto& [id, facts] : engine) {
    const auto told = instances.find(id);
    if (told == instances.end()) {
      sentences.push_back(fmt::format("{} ({}) is missing", facts.name, id.substr(0, 12)));
    } else {
      compare(facts_of(*told->second), facts, sentences);
    }
  }
  for (const auto& [id, instance] : instances) {
    if (!engine.contains(id)) {
      sentences.push_back(fmt::format("{} ({}) is a ghost", instance->name, id.substr(0, 12)));
    }
  }
  return sentences;
}

}  // namespace rollcall::support
