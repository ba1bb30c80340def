#include "backends/systemd/sockets.hpp"

#include <utility>

namespace rollcall::systemd {

std::set<std::string> SocketBook::put(const std::string& socket, std::vector<std::string> services,
                                      std::vector<PortMapping> ports) {
  Held& held = sockets_[socket];
  std::set<std::string, std::less<>> now(services.begin(), services.end());
  if (held.services == now && held.ports == ports) return {};
  std::set<std::string> changed(held.services.begin(), held.services.end());
  changed.insert(now.begin(), now.end());
  held = {.services = std::move(now), .ports = std::move(ports)};
  return changed;
}

std::set<std::string> SocketBook::erase(std::string_view socket) {
  const auto known = sockets_.find(socket);
  if (known == sockets_.end()) return {};
  std::set<std::string> changed(known->second.services.begin(), known->second.services.end());
  sockets_.erase(known);
  return changed;
}

std::vector<PortMapping> SocketBook::held_for(std::string_view service) const {
  std::vector<PortMapping> all;
  for (const auto& [socket, held] : sockets_) {
    if (!held.services.contains(service)) continue;
    all.insert(all.end(), held.ports.begin(), held.ports.end());
  }
  return all;
}

}  // namespace rollcall::systemd
