#include "documents/prometheus_sd.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/budgets.hpp"
#include "core/json/json_text.hpp"
#include "core/labels/scrape_path.hpp"
#include "core/reach/registration.hpp"
#include "core/reach/services.hpp"
#include "documents/shared_ports.hpp"

namespace rollcall::server {
namespace {

constexpr auto labels = std::to_array<MetaLabel>({
    {"__meta_rollcall_backend", "the runtime, such as docker"},
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
  if (is_one_off(instance)) return true;
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

/// The ports of an instance that could be targets.
std::vector<SharedPorts::Claim> claims_of(const Instance& instance) {
  std::vector<SharedPorts::Claim> claims;
  const bool runs =
      instance.state == InstanceState::running || instance.state == InstanceState::reloading;
  if (!runs || switched_off(instance)) return claims;
  const auto& named = scrape_of(instance).port;
  for (const Service& service : scraped(instance)) {
    claims.push_back(
        {.port = {service.port, service.protocol}, .named = named && named->value == service.port});
  }
  return claims;
}

std::string target_at(const Reach& reach, const ScrapeView& view) {
  const std::string& host = reach.any_of_host ? view.host : reach.address;
  const bool needs_brackets = host.contains(':') && !host.starts_with('[');
  return needs_brackets ? fmt::format("[{}]:{}", host, reach.port)
                        : fmt::format("{}:{}", host, reach.port);
}

/// Labels of a target as members of a JSON object, written straight away: an instance may have
/// thousands of ports, each of which has all labels of the instance.
class Members {
 public:
  void put(std::string_view name, std::string_view foreign) {
    if (!foreign.empty()) put_also_empty(name, foreign);
  }

  void put_also_empty(std::string_view name, std::string_view foreign) {
    if (!text_.empty()) text_ += ',';
    append_json_string(text_, name);
    text_ += ':';
    append_json_string(text_, foreign);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Those that all ports of an instance share.
Members labels_of(const Instance& instance) {
  Members out;
  out.put("__meta_rollcall_backend", instance.key.backend);
  out.put("__meta_rollcall_endpoint", instance.key.endpoint);
  out.put("__meta_rollcall_id", instance.key.id);
  out.put("__meta_rollcall_name", instance.name);
  out.put("__meta_rollcall_kind", to_string(instance.kind));
  out.put("__meta_rollcall_state", to_string(instance.state));
  out.put("__meta_rollcall_health", to_string(instance.health));
  out.put("__meta_rollcall_image", instance.image);
  out.put("__meta_rollcall_group", instance.group);
  out.put("__meta_rollcall_service", instance.service);
  out.put("__meta_rollcall_node", instance.node);
  std::map<std::string, std::string_view> by_name;  // keys may differ in what becomes "_"
  for (const auto& [key, value] : instance.labels) by_name[label_name({}, key)] = value;
  for (const auto& [name, value] : by_name) {
    out.put("__meta_rollcall_label_" + name, value);
    out.put("__meta_rollcall_labelpresent_" + name, "true");
  }
  const Metadata::Scrape& scrape = scrape_of(instance);
  if (is(scrape.enable, true)) out.put("__meta_rollcall_scrape", "true");
  if (scrape.path) {
    const ScrapePath path = split_scrape_path(scrape.path->value);
    out.put("__metrics_path__", path.path);
    for (const auto& [name, value] : path.parameters) {
      out.put_also_empty(fmt::format("__param_{}", name), value);
    }
  }
  if (scrape.scheme) out.put("__scheme__", scrape.scheme->value);
  return out;
}

/// About what a target takes besides the labels that it shares.
constexpr std::size_t bytes_of_target = 320;

/// The targets of all instances, as many of each as there is room for.
class Writer {
 public:
  /// `most`: the most bytes that are written. They are reserved at once, because a growing text
  /// would take its size twice; unused ones are never touched, so they take no memory.
  ///
  /// `shared`: which of the instances that share a network has each port.
  Writer(const ScrapeView& view, const SharedPorts& shared, std::size_t most)
      : view_(view), shared_(shared) {
    out_.text.reserve(most + budget::instance_label_bytes);
  }

  /// `room`: bytes for the targets of this instance; the first is written whatever it takes, and of
  /// several the primary one is the first.
  void add(const Instance& instance, std::size_t room) {
    if (switched_off(instance)) return;
    std::vector<Service> services = scraped(instance);
    const Ways ways(instance);
    const std::size_t begin = out_.text.size();
    std::string shared;
    for (const Service* service : primary_first(services)) {
      const Reach way = ways.to(*service, view_.from);
      if (!way.possible || !shared_.is_of(instance, {service->port, service->protocol})) continue;
      if (shared.empty()) shared = labels_of(instance).text();
      const std::size_t used = out_.text.size() - begin;
      if (used > 0 && used + shared.size() + bytes_of_target > room) {
        ++out_.left_out;
        continue;
      }
      add_target(*service, way, shared);
    }
  }

  [[nodiscard]] std::size_t size() const { return out_.text.size(); }
  [[nodiscard]] bool left_out() const { return out_.left_out > 0; }

  ScrapeTargets take() {
    out_.text += ']';
    return std::move(out_);
  }

 private:
  static std::vector<const Service*> primary_first(const std::vector<Service>& services) {
    std::vector<const Service*> order;
    order.reserve(services.size());
    for (const Service& service : services) order.push_back(&service);
    const auto primary = std::ranges::find(order, true, &Service::primary);
    if (primary != order.end()) std::rotate(order.begin(), primary, primary + 1);
    return order;
  }

  void add_target(const Service& service, const Reach& way, const std::string& shared) {
    Members its;
    its.put("__meta_rollcall_port", std::to_string(service.port));
    its.put("__meta_rollcall_port_name", service.name.value);
    its.put("__meta_rollcall_port_type", service.type.value);
    if (service.primary) its.put("__meta_rollcall_port_primary", "true");
    its.put("__meta_rollcall_reach", to_string(way.reason));
    std::string& text = out_.text;
    if (text.size() > 1) text += ',';
    text += R"({"targets":[)";
    append_json_string(text, target_at(way, view_));
    text += R"(],"labels":{)";
    text += shared;
    text += ',';
    text += its.text();
    text += "}}";
  }

  const ScrapeView& view_;
  const SharedPorts& shared_;
  ScrapeTargets out_{.text = "[", .left_out = 0};
};

/// At most what the targets of an instance take.
std::size_t size_of_targets(const Instance& instance) {
  if (switched_off(instance)) return 0;
  const std::size_t count = scraped(instance).size();
  return count == 0 ? 0 : count * (labels_of(instance).text().size() + bytes_of_target);
}

/// How many bytes each instance may take, so that all together take no more than `most`: those that
/// need less than their share leave the rest to the others.
std::size_t fair_share(std::vector<std::size_t> sizes, std::size_t most) {
  std::ranges::sort(sizes);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t share = most / (sizes.size() - i);
    if (sizes[i] > share) return share;
    most -= sizes[i];
  }
  return std::numeric_limits<std::size_t>::max();
}

/// All targets, if they take no more than `most`.
std::optional<ScrapeTargets> all_targets(std::span<const InstancePtr> instances,
                                         const ScrapeView& view, const SharedPorts& shared,
                                         std::size_t most) {
  Writer writer(view, shared, most);
  for (const InstancePtr& instance : instances) {
    writer.add(*instance, most - writer.size());
    if (writer.size() > most || writer.left_out()) return std::nullopt;
  }
  return writer.take();
}

}  // namespace

ScrapeTargets prometheus_targets(std::span<const InstancePtr> instances, const ScrapeView& view) {
  const std::size_t most =
      budget::targets_bytes + instances.size() * budget::targets_bytes_of_instance;
  const SharedPorts shared(instances, claims_of);
  if (auto all = all_targets(instances, view, shared, most)) return std::move(*all);
  std::vector<std::size_t> sizes;
  sizes.reserve(instances.size());
  for (const InstancePtr& instance : instances) sizes.push_back(size_of_targets(*instance));
  const std::size_t room = fair_share(std::move(sizes), most);
  Writer fair(view, shared, most);
  for (const InstancePtr& instance : instances) fair.add(*instance, room);
  return fair.take();
}

std::span<const MetaLabel> meta_labels() {
  return labels;
}

}  // namespace rollcall::server
