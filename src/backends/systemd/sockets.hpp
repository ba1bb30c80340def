// The ports that socket units hold for the services that they trigger.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall::systemd {

class SocketBook {
 public:
  /// Records a listening socket unit. Returns the services whose ports have changed by that.
  std::set<std::string> put(const std::string& socket, std::vector<std::string> services,
                            std::vector<PortMapping> ports);

  /// Removes a socket unit that does not listen. Returns the services that it held ports for.
  std::set<std::string> erase(std::string_view socket);

  void clear() noexcept { sockets_.clear(); }

  /// All ports that sockets hold for a service; not sorted.
  [[nodiscard]] std::vector<PortMapping> held_for(std::string_view service) const;

 private:
  struct Held {
    std::set<std::string, std::less<>> services;
    std::vector<PortMapping> ports;
  };
  std::map<std::string, Held, std::less<>> sockets_;
};

}  // namespace rollcall::systemd
