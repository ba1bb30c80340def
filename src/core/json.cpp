#include "core/json.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "core/metadata_values.hpp"
#include "core/text.hpp"

namespace rollcall {
namespace {

namespace json = boost::json;

// Boost.JSON writes the bytes it is given, and JSON must be UTF-8.
json::string text(std::string_view foreign) {
  return json::string(valid_utf8(foreign));
}

// Puts the text, unless it is empty.
void put_text(json::object& out, std::string_view key, std::string_view foreign) {
  if (!foreign.empty()) out[key] = text(foreign);
}

void put_time(json::object& out, std::string_view key, const std::optional<Timestamp>& time) {
  if (time) out[key] = to_rfc3339(*time);
}

// Puts the object, unless it is empty.
void put_object(json::object& out, std::string_view key, json::object object) {
  if (!object.empty()) out[key] = std::move(object);
}

json::object describe(const InstanceKey& key) {
  return {{"backend", text(key.backend)}, {"endpoint", text(key.endpoint)}, {"id", text(key.id)}};
}

json::object describe(const Address& address) {
  json::object out{{"ip", text(address.ip)}};
  put_text(out, "network", address.network);
  out["family"] = to_string(address.family);
  return out;
}

json::object describe(const PortMapping& port) {
  json::object out;
  put_text(out, "host_ip", port.host_ip);
  if (port.host_port != 0) out["host_port"] = port.host_port;
  out["container_port"] = port.container_port;
  out["protocol"] = to_string(port.protocol);
  put_text(out, "name", port.name);
  out["scope"] = to_string(port.scope);
  return out;
}

json::object describe(const Problem& problem) {
  json::object out{{"where", text(problem.where)}, {"what", text(problem.what)}};
  if (problem.position != 0) out["position"] = problem.position;
  return out;
}

json::object describe(const Metadata::Port& port);
json::object describe(const Route& route);

// Puts the list with each element turned into JSON, unless it is empty.
template <class T>
void put_list(json::object& out, std::string_view key, const std::vector<T>& list) {
  if (list.empty()) return;
  json::array array;
  array.reserve(list.size());
  for (const T& element : list) array.emplace_back(describe(element));
  out[key] = std::move(array);
}

json::object describe(const Labels& labels) {
  json::object out;
  for (const auto& [key, value] : labels) out[valid_utf8(key)] = text(value);
  return out;
}

json::value value_of(bool value) {
  return value;
}
json::value value_of(std::uint16_t value) {
  return value;
}
json::value value_of(const std::string& value) {
  return text(value);
}

json::value value_of(std::chrono::milliseconds value) {
  return json::string(value_text(value));
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  out.reserve(texts.size());
  for (const std::string& foreign : texts) out.emplace_back(text(foreign));
  return out;
}

json::value value_of(const std::vector<std::string>& value) {
  return array_of(value);
}

template <class T>
json::object describe(const Sourced<T>& sourced) {
  return {{"value", value_of(sourced.value)}, {"source", text(sourced.source)}};
}

template <class T>
void put_value(json::object& out, std::string_view key, const Metadata::Maybe<T>& maybe) {
  if (maybe) out[key] = describe(*maybe);
}

json::object describe(const Metadata::HealthCheck& health) {
  json::object out;
  put_value(out, "path", health.path);
  put_value(out, "kind", health.kind);
  put_value(out, "interval", health.interval);
  put_value(out, "timeout", health.timeout);
  return out;
}

json::object describe(const Metadata::Proxy& proxy) {
  json::object out;
  put_value(out, "port", proxy.port);
  put_value(out, "remote", proxy.remote);
  return out;
}

json::object describe(const Metadata::Target& target) {
  json::object out;
  put_value(out, "port", target.port);
  put_value(out, "scheme", target.scheme);
  put_value(out, "network", target.network);
  return out;
}

json::object describe(const Metadata::Port& port) {
  json::object out;
  out["port"] = port.port;
  put_value(out, "enable", port.enable);
  put_value(out, "name", port.name);
  put_value(out, "type", port.type);
  put_value(out, "tags", port.tags);
  return out;
}

json::object describe(const Route& route) {
  json::object out;
  put_text(out, "name", route.name);
  if (!route.hosts.empty()) out["hosts"] = array_of(route.hosts);
  if (!route.paths.empty()) out["paths"] = array_of(route.paths);
  if (route.port != 0) out["port"] = route.port;
  put_text(out, "scheme", route.scheme);
  if (route.tls) out["tls"] = true;
  if (route.narrowed) out["narrowed"] = true;
  put_text(out, "source", route.source);
  return out;
}

json::object describe(const Metadata::Scrape& scrape) {
  json::object out;
  put_value(out, "enable", scrape.enable);
  put_value(out, "port", scrape.port);
  put_value(out, "path", scrape.path);
  put_value(out, "scheme", scrape.scheme);
  return out;
}

json::object describe(const Metadata::Display& display) {
  json::object out;
  put_value(out, "group", display.group);
  put_value(out, "icon", display.icon);
  put_value(out, "href", display.href);
  put_value(out, "description", display.description);
  return out;
}

json::object describe(const Metadata& metadata) {
  json::object txt;
  for (const Metadata::Txt& entry : metadata.txt) {
    txt[valid_utf8(entry.key)] = describe(entry.value);
  }
  json::object out;
  put_value(out, "enable", metadata.enable);
  put_value(out, "announce", metadata.announce);
  put_value(out, "type", metadata.type);
  put_value(out, "name", metadata.name);
  put_value(out, "dns_name", metadata.dns_name);
  put_object(out, "txt", std::move(txt));
  if (metadata.health) put_object(out, "health", describe(*metadata.health));
  if (metadata.proxy) put_object(out, "proxy", describe(*metadata.proxy));
  put_value(out, "certmesh", metadata.certmesh);
  put_value(out, "tags", metadata.tags);
  if (metadata.target) put_object(out, "target", describe(*metadata.target));
  put_list(out, "ports", metadata.ports);
  put_list(out, "routes", metadata.routes);
  if (metadata.scrape) put_object(out, "scrape", describe(*metadata.scrape));
  if (metadata.display) put_object(out, "display", describe(*metadata.display));
  return out;
}

void put_details(json::object& out, const Details& details) {
  put_text(out, "description", details.description);
  put_text(out, "definition", details.definition);
  put_text(out, "user", details.user);
  if (!details.command.empty()) {
    json::array& command = out["command"].emplace_array();
    for (const std::string& argument : details.command) command.emplace_back(text(argument));
  }
  if (details.pid != 0) out["pid"] = details.pid;
  if (details.restarts != 0) out["restarts"] = details.restarts;
}

void put_place(json::object& out, const Instance& instance) {
  if (instance.network_mode != NetworkMode::own) {
    out["network_mode"] = to_string(instance.network_mode);
  }
  put_text(out, "network_owner", instance.network_owner);
  put_text(out, "reason", instance.reason);
  put_text(out, "image", instance.image);
  put_text(out, "group", instance.group);
  put_text(out, "service", instance.service);
  put_text(out, "node", instance.node);
}

struct EventFields {
  json::object& out;

  void operator()(const Started& event) const { put(event.cause, *event.instance); }
  void operator()(const Updated& event) const { put(event.cause, *event.instance); }

  void operator()(const Stopped& event) const {
    out["id"] = text(event.id);
    put_text(out, "name", event.name);
    out["key"] = describe(event.last->key);
    out["cause"] = to_string(event.cause);
  }

  void operator()(const BackendDisconnected& event) const {
    out["backend"] = text(event.backend);
    put_text(out, "reason", event.reason);
  }

  void operator()(const BackendReconnected& event) const { out["backend"] = text(event.backend); }

 private:
  void put(Cause cause, const Instance& instance) const {
    out["cause"] = to_string(cause);
    out["instance"] = to_json(instance);
  }
};

}  // namespace

json::object to_json(const Instance& instance) {
  json::object out{{"key", describe(instance.key)}};
  put_text(out, "name", instance.name);
  out["kind"] = to_string(instance.kind);
  out["state"] = to_string(instance.state);
  if (instance.health != Health::none) out["health"] = to_string(instance.health);
  put_place(out, instance);
  put_list(out, "addresses", instance.addresses);
  put_list(out, "ports", instance.ports);
  put_object(out, "labels", describe(instance.labels));
  if (instance.metadata) put_object(out, "metadata", describe(*instance.metadata));
  if (instance.details) put_details(out, *instance.details);
  put_list(out, "problems", instance.problems);
  put_time(out, "created_at", instance.created_at);
  put_time(out, "started_at", instance.started_at);
  put_time(out, "discovered_at", instance.discovered_at);
  return out;
}

json::object to_json(const RuntimeEvent& event) {
  json::object out{{"type", type_of(event)}};
  std::visit(EventFields{out}, event);
  return out;
}

}  // namespace rollcall
