#include "core/memory_of.hpp"

#include <string>
#include <vector>

namespace rollcall {
namespace {

std::size_t memory_of(const std::string& text) noexcept {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() > inside ? text.capacity() + 1 : 0;
}

std::size_t memory_of(const std::vector<std::string>& texts) noexcept {
  std::size_t sum = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) sum += memory_of(text);
  return sum;
}

std::size_t memory_of(const Metadata& metadata) noexcept {
  std::size_t sum = sizeof(Metadata) + metadata.ports.capacity() * sizeof(Metadata::Port) +
                    metadata.routes.capacity() * sizeof(Route) +
                    metadata.txt.capacity() * sizeof(Metadata::Txt);
  for (const Metadata::Txt& txt : metadata.txt) {
    sum += memory_of(txt.key) + memory_of(txt.value.value) + memory_of(txt.value.source);
  }
  for (const Route& route : metadata.routes) {
    sum += memory_of(route.hosts) + memory_of(route.paths) + memory_of(route.source);
  }
  if (metadata.health) sum += sizeof(Metadata::HealthCheck);
  if (metadata.proxy) sum += sizeof(Metadata::Proxy);
  if (metadata.target) sum += sizeof(Metadata::Target);
  if (metadata.scrape) sum += sizeof(Metadata::Scrape);
  if (metadata.display) sum += sizeof(Metadata::Display);
  return sum;
}

std::size_t memory_of(const Details& details) noexcept {
  return sizeof(Details) + memory_of(details.description) + memory_of(details.definition) +
         memory_of(details.user) + memory_of(details.command);
}

}  // namespace

std::size_t memory_of(const Instance& instance) noexcept {
  std::size_t sum =
      sizeof(Instance) + memory_of(instance.key.backend) + memory_of(instance.key.endpoint) +
      memory_of(instance.key.id) + memory_of(instance.name) + memory_of(instance.network_owner) +
      memory_of(instance.reason) + memory_of(instance.image) + memory_of(instance.group) +
      memory_of(instance.service) + memory_of(instance.node) + memory_of(instance.run) +
      instance.addresses.capacity() * sizeof(Address) +
      instance.ports.capacity() * sizeof(PortMapping) +
      instance.problems.capacity() * sizeof(Problem);
  for (const Address& address : instance.addresses) {
    sum += memory_of(address.ip) + memory_of(address.network);
  }
  for (const PortMapping& port : instance.ports) {
    sum += memory_of(port.host_ip) + memory_of(port.name);
  }
  for (const Problem& problem : instance.problems) {
    sum += memory_of(problem.where) + memory_of(problem.what);
  }
  for (const auto& [key, value] : instance.labels) sum += key.size() + value.size();
  if (instance.metadata) sum += memory_of(*instance.metadata);
  if (instance.details) sum += memory_of(*instance.details);
  return sum;
}

}  // namespace rollcall
