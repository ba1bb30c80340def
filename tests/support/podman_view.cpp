// The state of Podman as its own API reports it. Each container is inspected separately, so that
// this check shares nothing with the library's requests.
#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include "support/podman.hpp"

namespace rollcall::support {
namespace {

namespace json = boost::json;

struct Facts {
  std::string name;
  std::string state;
  std::string health;
  std::string pod;
  std::string addresses;
  std::string ports;
};

std::string text_of(const json::value& object, std::string_view key) {
  const auto* value = object.as_object().if_contains(key);
  return value != nullptr && value->is_string() ? json::value_to<std::string>(*value)
                                                : std::string();
}

std::string joined(std::vector<std::string> items) {
  std::ranges::sort(items);
  const auto repeated = std::ranges::unique(items);
  items.erase(repeated.begin(), repeated.end());
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string addresses_in(const json::value& settings) {
  std::vector<std::string> all;
  const auto* networks = settings.as_object().if_contains("Networks");
  if (networks == nullptr || !networks->is_object()) return {};
  for (const auto& [name, network] : networks->as_object()) {
    const auto ip = text_of(network, "IPAddress");
    if (!ip.empty()) all.push_back(fmt::format("{}@{}", ip, std::string_view(name)));
  }
  return joined(std::move(all));
}

// {"80/tcp": [{"HostIp": "", "HostPort": "18080"}]}
std::string ports_in(const json::value& settings) {
  std::vector<std::string> all;
  const auto* ports = settings.as_object().if_contains("Ports");
  if (ports == nullptr || !ports->is_object()) return {};
  for (const auto& [port, bindings] : ports->as_object()) {
    if (!bindings.is_array()) continue;
    for (const auto& binding : bindings.as_array()) {
      all.push_back(fmt::format("{}->{}", text_of(binding, "HostPort"), std::string_view(port)));
    }
  }
  return joined(std::move(all));
}

bool runs(const std::string& state) {
  return state == "running" || state == "paused";
}

// Nothing, if the container has vanished, does not run, or is the infra container of a pod.
std::optional<Facts> facts_of(const DockerApi& api, const json::value& item) {
  const auto reply = api.call("GET", "/v4.0.0/libpod/containers/" + text_of(item, "Id") + "/json");
  if (reply.status != 200) return std::nullopt;
  const auto told = json::parse(reply.body);
  Facts facts;
  facts.name = text_of(told, "Name");
  facts.state = text_of(told.at("State"), "Status");
  facts.pod = text_of(item, "PodName");
  facts.addresses = addresses_in(told.at("NetworkSettings"));
  facts.ports = ports_in(told.at("NetworkSettings"));
  const auto* health = told.at("State").as_object().if_contains("Health");
  facts.health = health != nullptr && health->is_object() ? text_of(*health, "Status") : "";
  if (facts.health.empty()) facts.health = "none";
  if (!runs(facts.state) || item.at("IsInfra").as_bool()) return std::nullopt;
  return facts;
}

Facts facts_of(const Instance& instance) {
  Facts facts;
  facts.name = instance.name;
  facts.state = to_string(instance.state);
  facts.health = to_string(instance.health);
  facts.pod = instance.group;
  std::vector<std::string> addresses;
  for (const auto& it : instance.addresses) {
    addresses.push_back(fmt::format("{}@{}", it.ip, it.network));
  }
  facts.addresses = joined(std::move(addresses));
  std::vector<std::string> ports;
  for (const auto& it : instance.ports) {
    if (it.host_port == 0) continue;  // versions differ in the exposed ports of joined containers
    ports.push_back(
        fmt::format("{}->{}/{}", it.host_port, it.container_port, to_string(it.protocol)));
  }
  facts.ports = joined(std::move(ports));
  return facts;
}

void compare(const Instance& instance, const Facts& engine, std::vector<std::string>& sentences) {
  const Facts told = facts_of(instance);
  const auto note = [&](std::string_view field, const std::string& a, const std::string& b) {
    if (a != b)
      sentences.push_back(
          fmt::format("{}: {} is '{}', the engine says '{}'", engine.name, field, a, b));
  };
  note("name", told.name, engine.name);
  note("state", told.state, engine.state);
  if (engine.state == "running") note("health", told.health, engine.health);
  note("pod", told.pod, engine.pod);
  note("addresses", told.addresses, engine.addresses);
  // Each container of a pod repeats the ports of the pod; on the host's network none is known.
  const bool knows_ports = engine.pod.empty() && instance.network_mode != NetworkMode::host;
  if (knows_ports) note("ports", told.ports, engine.ports);
}

}  // namespace

std::vector<std::string> podman_differences(const std::map<std::string, InstancePtr>& instances,
                                            const DockerApi& api) {
  std::vector<std::string> sentences;
  std::map<std::string, Facts> engine;
  for (const auto& item : api.get("/v4.0.0/libpod/containers/json?all=true").as_array()) {
    if (auto facts = facts_of(api, item)) engine[text_of(item, "Id")] = std::move(*facts);
  }
  for (const auto& [id, facts] : engine) {
    const auto told = instances.find(id);
    if (told == instances.end()) {
      sentences.push_back(fmt::format("{} ({}) is missing", facts.name, id.substr(0, 12)));
    } else {
      compare(*told->second, facts, sentences);
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
