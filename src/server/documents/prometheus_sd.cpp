#include "server/documents/prometheus_sd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "core/services.hpp"
#include "core/text.hpp"

namespace rollcall::server {
namespace {

namespace json = boost::json;

constexpr auto labels = std::to_array<MetaLabel>({
    {"__meta_rollcall_backend", "the runtime: docker, podman, systemd, incus, kubernetes, host"},
    {"__meta_rollcall_endpoint", "the alias of the engine, or its URL"},
    {"__meta_rollcall_id", "the engine's own id of the instance"},
    {"__meta_rollcall_name", "its name"},
    {"__meta_rollcall_kind", "container, vm, pod, service, process"},
    {"__meta_rollcall_state", "running, reloading"},
    {"__meta_rollcall_health", "none, starting, healthy, unhealthy"},
    {"__meta_rollcall_image", "its image"},
    {"__meta_rollcall_group", "Compose project, namespace, Incus project, slice"},
    {"__meta_rollcall_service", "the service of its group that it is a replica of"},
    {"__meta_rollcall_node", "the machine of a cluster that it runs on"},
    {"__meta_rollcall_scrape", "true, if prometheus.io/scrape says so"},
    {"__meta_rollcall_port", "the instance's own port"},
    {"__meta_rollcall_port_name", "what a label or the runtime calls the port"},
    {"__meta_rollcall_port_type", "its DNS-SD type, such as _http._tcp"},
    {"__meta_rollcall_port_primary", "true for the one that clients want"},
    {"__meta_rollcall_reach", "why this address: a code of docs/services.md"},
    {"__meta_rollcall_label_", "a label of the instance"},
    {"__meta_rollcall_labelpresent_", "true for each label of the instance"},
});

void put(json::object& out, std::string_view name, std::string_view foreign) {
  if (!foreign.empty()) out[name] = valid_utf8(foreign);
}

/// A name that Prometheus allows.
std::string label_name(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  for (const char c : key) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += allowed ? c : '_';
  }
  return name;
}

template <class T>
bool is(const Metadata::Maybe<T>& maybe, const T& value) {
  return maybe && maybe->value == value;
}

bool switched_off(const Instance& instance) {
  if (!instance.metadata) return false;
  const Metadata& said = *instance.metadata;
  return is(said.enable, false) || (said.scrape && is(said.scrape->enable, false));
}

/// What labels say of its metrics; nothing said by default.
const Metadata::Scrape& scrape_of(const Instance& instance) {
  static const Metadata::Scrape nothing;
  return instance.metadata && instance.metadata->scrape ? *instance.metadata->scrape : nothing;
}

/// The ports that are scraped: the one that labels name, else all of TCP.
std::vector<Service> scraped(const Instance& instance) {
  std::vector<Service> services = derive_services(instance);
  const auto& port = scrape_of(instance).port;
  std::erase_if(services, [&port](const Service& service) {
    if (service.protocol != Protocol::tcp) return true;
    return port ? service.port != port->value : !service.enable.value;
  });
  if (port && services.empty()) {
    Service named;
    named.port = port->value;
    named.listed = false;
    services.push_back(std::move(named));
  }
  return services;
}

std::string target_at(const Reach& reach, const ScrapeView& view) {
  const std::string& host = reach.any_of_host ? view.host : reach.address;
  const bool needs_brackets = host.contains(':') && !host.starts_with('[');
  return needs_brackets ? fmt::format("[{}]:{}", host, reach.port)
                        : fmt::format("{}:{}", host, reach.port);
}

/// Those that all ports of an instance share.
json::object labels_of(const Instance& instance) {
  json::object out;
  put(out, "__meta_rollcall_backend", instance.key.backend);
  put(out, "__meta_rollcall_endpoint", instance.key.endpoint);
  put(out, "__meta_rollcall_id", instance.key.id);
  put(out, "__meta_rollcall_name", instance.name);
  put(out, "__meta_rollcall_kind", to_string(instance.kind));
  put(out, "__meta_rollcall_state", to_string(instance.state));
  put(out, "__meta_rollcall_health", to_string(instance.health));
  put(out, "__meta_rollcall_image", instance.image);
  put(out, "__meta_rollcall_group", instance.group);
  put(out, "__meta_rollcall_service", instance.service);
  put(out, "__meta_rollcall_node", instance.node);
  for (const auto& [key, value] : instance.labels) {
    put(out, label_name("__meta_rollcall_label_", key), value);
    put(out, label_name("__meta_rollcall_labelpresent_", key), "true");
  }
  const Metadata::Scrape& scrape = scrape_of(instance);
  if (is(scrape.enable, true)) put(out, "__meta_rollcall_scrape", "true");
  if (scrape.path) put(out, "__metrics_path__", scrape.path->value);
  if (scrape.scheme) put(out, "__scheme__", scrape.scheme->value);
  return out;
}

void add_targets(json::array& groups, const Instance& instance, const ScrapeView& view) {
  if (switched_off(instance)) return;
  json::object shared;
  for (const Service& service : scraped(instance)) {
    const auto ways = reach(instance, service);
    const auto* const way = std::ranges::find(ways, view.from, &Reach::from);
    if (way == ways.end() || !way->possible) continue;
    if (shared.empty()) shared = labels_of(instance);
    json::object its = shared;
    put(its, "__meta_rollcall_port", std::to_string(service.port));
    put(its, "__meta_rollcall_port_name", service.name.value);
    put(its, "__meta_rollcall_port_type", service.type.value);
    if (service.primary) put(its, "__meta_rollcall_port_primary", "true");
    put(its, "__meta_rollcall_reach", to_string(way->reason));
    json::object group;
    group["targets"] = json::array{json::string(target_at(*way, view))};
    group["labels"] = std::move(its);
    groups.emplace_back(std::move(group));
  }
}

}  // namespace

std::string prometheus_targets(std::span<const InstancePtr> instances, const ScrapeView& view) {
  json::array groups;
  for (const InstancePtr& instance : instances) add_targets(groups, *instance, view);
  return json::serialize(groups);
}

std::span<const MetaLabel> meta_labels() {
  return labels;
}

}  // namespace rollcall::server
