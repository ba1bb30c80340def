#include "backends/kubernetes/network.hpp"

#include <algorithm>

#include "core/addresses.hpp"
#include "core/budgets.hpp"
#include "core/deduplicate.hpp"
#include "core/masking.hpp"

namespace rollcall::kubernetes {
namespace {

bool is_port(std::int64_t number) {
  return number > 0 && number <= 65535;
}

std::vector<std::string> sorted(const std::vector<std::string_view>& texts) {
  std::vector<std::string> all(texts.begin(), texts.end());
  sort_and_deduplicate(all);
  all.shrink_to_fit();
  return all;
}

/// A headless service has "None" in place of an address.
std::vector<std::string> addresses_among(const std::vector<std::string_view>& texts) {
  std::vector<std::string> all = sorted(texts);
  std::erase_if(all, [](const std::string& ip) { return !canonical_address(ip); });
  return all;
}

std::string text_of(const SliceItem::Target& target) {
  std::string text(target.pod);
  if (text.empty()) text.append("@").append(target.ip);
  return text;
}

std::string packed(const std::vector<SliceItem::Target>& targets) {
  std::vector<std::string> texts;
  texts.reserve(targets.size());
  std::size_t size = 0;
  for (const SliceItem::Target& target : targets) {
    std::string text = text_of(target);
    if (text.contains('\n')) continue;  // It cannot be a name.
    size += text.size() + 1;
    texts.push_back(std::move(text));
  }
  std::ranges::sort(texts);
  std::string all;
  all.reserve(size);
  for (const std::string& text : texts) all.append(text).append("\n");
  return all;
}

SliceGroup interpret(const SliceItem::Group& item) {
  SliceGroup group;
  group.targets = packed(item.targets);
  for (const SliceItem::Port& port : item.ports) {
    const auto protocol = protocol_of(port.protocol);
    if (!protocol || !is_port(port.port)) continue;
    group.ports.push_back({.name = std::string(port.name),
                           .port = static_cast<std::uint16_t>(port.port),
                           .protocol = *protocol});
  }
  group.ports.shrink_to_fit();
  return group;
}

void add(std::vector<PortMapping>& ports, std::string_view ip, std::uint16_t number,
         const SlicePort& behind, const ServicePort& before, PortScope scope) {
  ports.push_back({.host_ip = Masker().name(ip),
                   .host_port = number,
                   .container_port = behind.port,
                   .protocol = behind.protocol,
                   .name = Masker().name(before.name),
                   .scope = scope});
}

}  // namespace

std::optional<Protocol> protocol_of(std::string_view word) {
  if (word.empty() || word == "TCP") return Protocol::tcp;
  if (word == "UDP") return Protocol::udp;
  if (word == "SCTP") return Protocol::sctp;
  return std::nullopt;
}

Service interpret(const ServiceItem& item) {
  Service service{.name_space = std::string(item.meta.name_space),
                  .name = std::string(item.meta.name),
                  .cluster_ips = addresses_among(item.cluster_ips),
                  .outer_ips = sorted(item.outer_ips),
                  .ports = {}};
  for (const ServiceItem::Port& port : item.ports) {
    const auto protocol = protocol_of(port.protocol);
    if (!protocol || !is_port(port.port)) continue;
    const std::uint16_t node_port =
        is_port(port.node_port) ? static_cast<std::uint16_t>(port.node_port) : 0;
    service.ports.push_back({.name = std::string(port.name),
                             .port = static_cast<std::uint16_t>(port.port),
                             .node_port = node_port,
                             .protocol = *protocol});
  }
  service.ports.shrink_to_fit();
  return service;
}

Slice interpret(const SliceItem& item, SliceApi api) {
  Slice slice{.name_space = std::string(item.meta.name_space),
              .name = std::string(item.meta.name),
              .service = {},
              .groups = {}};
  if (api == SliceApi::endpoints) {
    slice.service = slice.name;
  } else {
    const auto label =
        std::ranges::find(item.meta.labels, "kubernetes.io/service-name", &Labels::Entry::first);
    if (label != item.meta.labels.end()) slice.service = label->second;
  }
  if (slice.service.empty()) return slice;  // No service forwards to it.
  for (const SliceItem::Group& group : item.groups) slice.groups.push_back(interpret(group));
  slice.groups.shrink_to_fit();
  return slice;
}

std::vector<PortMapping> ports_of(const Service& service, const std::vector<SlicePort>& ports,
                                  std::string_view node_ip) {
  std::vector<PortMapping> mappings;
  for (const SlicePort& behind : ports) {
    for (const ServicePort& before : service.ports) {
      if (before.name != behind.name || before.protocol != behind.protocol) continue;
      if (mappings.size() >= budget::instance_ports) return mappings;
      for (const std::string& ip : service.cluster_ips) {
        add(mappings, ip, before.port, behind, before, PortScope::cluster);
      }
      for (const std::string& ip : service.outer_ips) {
        add(mappings, ip, before.port, behind, before, PortScope::published);
      }
      if (before.node_port == 0) continue;
      const std::string_view node = node_ip.empty() ? "0.0.0.0" : node_ip;
      add(mappings, node, before.node_port, behind, before, PortScope::published);
    }
  }
  return mappings;
}

}  // namespace rollcall::kubernetes
