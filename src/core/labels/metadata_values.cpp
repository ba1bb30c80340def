#include "core/labels/metadata_values.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rollcall {
namespace {

class Collector {
 public:
  template <class T>
  void add(std::string field, const Metadata::Maybe<T>& maybe) {
    if (maybe) values.push_back({std::move(field), value_text(maybe->value), maybe->source});
  }

  void add(const Metadata::Txt& txt) {
    values.push_back({"txt." + txt.key, txt.value.value, txt.value.source});
  }

  void add(const Metadata::HealthCheck& health) {
    add("health.path", health.path);
    add("health.kind", health.kind);
    add("health.interval", health.interval);
    add("health.timeout", health.timeout);
  }

  void add(const Metadata::Proxy& proxy) {
    add("proxy.port", proxy.port);
    add("proxy.remote", proxy.remote);
  }

  void add(const Metadata::Target& target) {
    add("target.port", target.port);
    add("target.scheme", target.scheme);
    add("target.network", target.network);
  }

  void add(const Metadata::Port& port) {
    const std::string prefix = fmt::format("ports.{}.", port.port);
    add(prefix + "enable", port.enable);
    add(prefix + "enable_tcp", port.enable_tcp);
    add(prefix + "enable_udp", port.enable_udp);
    add(prefix + "name", port.name);
    add(prefix + "type", port.type);
    add(prefix + "tags", port.tags);
  }

  void add(const Metadata::Scrape& scrape) {
    add("scrape.enable", scrape.enable);
    add("scrape.port", scrape.port);
    add("scrape.path", scrape.path);
    add("scrape.scheme", scrape.scheme);
  }

  void add(const Metadata::Display& display) {
    add("display.group", display.group);
    add("display.icon", display.icon);
    add("display.href", display.href);
    add("display.description", display.description);
  }

  void add(const Route& route) {
    values.push_back({"routes." + route.name, value_text(route), route.source});
  }

  std::vector<MetadataValue> values{};
};

}  // namespace

std::string value_text(bool value) {
  return value ? "true" : "false";
}

std::string value_text(std::uint16_t value) {
  return fmt::format("{}", value);
}

std::string value_text(std::chrono::milliseconds value) {
  return value.count() % 1000 == 0 ? fmt::format("{}s", value.count() / 1000)
                                   : fmt::format("{}ms", value.count());
}

std::string value_text(const std::string& value) {
  return value;
}

std::string value_text(const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, ", "));
}

std::string value_text(const Route& route) {
  constexpr std::size_t most = 64;
  const std::vector<std::string> any{"*"};
  const std::vector<std::string> root{""};
  const auto& hosts = route.hosts.empty() ? any : route.hosts;
  const auto& paths = route.paths.empty() ? root : route.paths;
  const std::size_t count = hosts.size() * paths.size();
  std::string text;
  for (std::size_t i = 0; i < std::min(count, most); ++i) {
    text +=
        fmt::format("{}{}{}", i == 0 ? "" : ", ", hosts[i / paths.size()], paths[i % paths.size()]);
  }
  if (count > most) text += fmt::format(" and {} more", count - most);
  if (route.tls) text += " with TLS";
  if (route.port != 0 || !route.scheme.empty()) text += " ->";
  if (!route.scheme.empty()) text += " " + route.scheme;
  if (route.port != 0) text += fmt::format(" {}", route.port);
  return route.narrowed ? text + " (narrowed)" : text;
}

std::vector<MetadataValue> values_of(const Metadata& metadata) {
  Collector all;
  all.add("enable", metadata.enable);
  all.add("announce", metadata.announce);
  all.add("type", metadata.type);
  all.add("name", metadata.name);
  all.add("dns_name", metadata.dns_name);
  for (const Metadata::Txt& txt : metadata.txt) all.add(txt);
  if (metadata.health) all.add(*metadata.health);
  if (metadata.proxy) all.add(*metadata.proxy);
  all.add("certmesh", metadata.certmesh);
  all.add("tags", metadata.tags);
  if (metadata.target) all.add(*metadata.target);
  for (const Metadata::Port& port : metadata.ports) all.add(port);
  for (const Route& route : metadata.routes) all.add(route);
  if (metadata.scrape) all.add(*metadata.scrape);
  if (metadata.display) all.add(*metadata.display);
  return std::move(all.values);
}

}  // namespace rollcall
