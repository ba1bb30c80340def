#include "documents/koi.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/json_text.hpp"
#include "core/reach/registration.hpp"
#include "core/text/text.hpp"

namespace rollcall::server {
namespace {

namespace json = boost::json;

json::string text(std::string_view foreign) {
  return json::string(valid_utf8(foreign));
}

json::array ports_of(const Instance& instance) {
  json::array out;
  for (const PortMapping& port : instance.ports) {
    if (port.host_port == 0 || port.protocol == Protocol::sctp) continue;
    out.push_back({{"host_port", port.host_port},
                   {"container_port", port.container_port},
                   {"protocol", to_string(port.protocol)},
                   {"host_ip", text(port.host_ip.empty() ? "0.0.0.0" : port.host_ip)}});
  }
  return out;
}

json::array ips_of(const Instance& instance) {
  std::set<std::string_view> told;
  json::array out;
  for (const Address& address : instance.addresses) {
    if (told.insert(address.ip).second) out.emplace_back(text(address.ip));
  }
  return out;
}

std::string_view state_of(InstanceState state) {
  return to_string(state == InstanceState::reloading ? InstanceState::running : state);
}

/// The proxy that a label belongs to, in Koi's words; nothing for other labels.
std::optional<std::string_view> tool_of(std::string_view label) {
  if (label.starts_with("traefik.")) return "traefik-labels";
  if (label.starts_with("caddy")) return "caddy-labels";
  return std::nullopt;
}

class KoiMetadata {
 public:
  explicit KoiMetadata(const Metadata& said) : said_(said) {}

  json::object object() {
    put("enable", said_.enable);
    put_text("service_type", said_.type);
    put_text("name", said_.name);
    put_text("dns_name", said_.dns_name);
    put_txt();
    if (said_.health) put_health(*said_.health);
    if (said_.proxy) {
      put("proxy_port", said_.proxy->port);
      put("proxy_remote", said_.proxy->remote);
    }
    put("certmesh", said_.certmesh);
    if (!said_.enable || said_.enable->value) fill_in();
    return std::move(out_);
  }

 private:
  template <class T>
  void put(std::string_view key, const Metadata::Maybe<T>& maybe) {
    if (maybe) out_[key] = maybe->value;
  }

  void put_text(std::string_view key, const Metadata::Maybe<std::string>& maybe) {
    if (maybe) out_[key] = text(maybe->value);
  }

  void put_seconds(std::string_view key, const Metadata::Maybe<std::chrono::milliseconds>& maybe) {
    if (maybe) out_[key] = std::chrono::ceil<std::chrono::seconds>(maybe->value).count();
  }

  void put_txt() {
    if (said_.txt.empty()) return;
    json::object txt;
    for (const Metadata::Txt& entry : said_.txt) {
      txt[valid_utf8(entry.key)] = text(entry.value.value);
    }
    out_["txt"] = std::move(txt);
  }

  void put_health(const Metadata::HealthCheck& health) {
    put_text("health_path", health.path);
    put_text("health_kind", health.kind);
    put_seconds("health_interval", health.interval);
    put_seconds("health_timeout", health.timeout);
  }

  /// Fills in values from a proxy's labels where no label for Koi or Rollcall gives them.
  void fill_in() {
    for (const Route& route : said_.routes) {
      const auto tool = tool_of(route.source);
      if (!tool) continue;
      const std::uint16_t port = route.port != 0 ? route.port : port_of(*tool);
      const bool names = !route.hosts.empty() && fill("dns_name", route.hosts.front());
      const bool also = !route.hosts.empty() && fill("name", route.hosts.front());
      const bool ports = port != 0 && !out_.contains("proxy_port");
      if (ports) out_["proxy_port"] = port;
      if (!names && !also && !ports) continue;
      if (!out_.contains("enable")) out_["enable"] = true;
      out_["source"] = *tool;
      return;
    }
  }

  bool fill(std::string_view key, std::string_view value) {
    if (out_.contains(key)) return false;
    out_[key] = text(value);
    return true;
  }

  /// The port that the same tool's labels name beside its routes.
  [[nodiscard]] std::uint16_t port_of(std::string_view tool) const {
    if (!said_.target || !said_.target->port) return 0;
    return tool_of(said_.target->port->source) == tool ? said_.target->port->value
                                                       : std::uint16_t{0};
  }

  const Metadata& said_;
  json::object out_;
};

/// A client of Koi would treat a one-off container as a replica, so its only metadata is a no.
json::object metadata_of(const Instance& instance) {
  if (is_one_off(instance)) return {{"enable", false}};
  return instance.metadata ? KoiMetadata(*instance.metadata).object() : json::object();
}

json::object object_of(const Instance& instance) {
  json::object out;
  out["id"] = text(instance.key.id);
  out["name"] = text(instance.name);
  out["ports"] = ports_of(instance);
  out["ips"] = ips_of(instance);
  out["metadata"] = metadata_of(instance);
  out["backend"] = text(instance.key.backend);
  out["state"] = state_of(instance.state);
  out["discovered_at"] = to_rfc3339(instance.discovered_at);
  if (!instance.image.empty()) out["image"] = text(instance.image);
  return out;
}

}  // namespace

std::string koi_status(std::span<const SourceStatus> sources, std::size_t instances,
                       bool complete) {
  std::vector<std::string> names;
  for (const SourceStatus& source : sources) {
    if (source.state != SourceState::ready) continue;
    if (std::ranges::find(names, source.name) == names.end()) names.push_back(source.name);
  }
  json::object out;
  out["active"] = !names.empty();
  out["backend"] = nullptr;
  if (!names.empty()) out["backend"] = text(fmt::format("{}", fmt::join(names, ", ")));
  out["instance_count"] = instances;
  if (!complete) out["complete"] = false;
  return serialized(out);
}

std::optional<std::string> koi_instances(std::span<const InstancePtr> instances, std::size_t most) {
  // One instance at a time: as JSON values, all of a long list would take several times its text.
  std::string out = "[";
  for (const InstancePtr& instance : instances) {
    if (out.size() > most) return std::nullopt;
    if (out.size() > 1) out += ',';
    out += serialized(object_of(*instance));
  }
  out += ']';
  return out;
}

}  // namespace rollcall::server
