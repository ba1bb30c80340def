// Finds the processes of units, and the ports that they listen on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/systemd/unit.hpp"
#include "hostview/listeners.hpp"

namespace rollcall::systemd {

/// Listening sockets by the control groups of their holders.
class PortBook {
 public:
  explicit PortBook(HostViewPtr view) : view_(std::move(view)), listeners_(view_) {}

  /// Sets the control group that the manager states for itself, and the process that probably is
  /// it.
  void set_manager(std::string_view told, pid_t pid);

  /// The user that the manager runs as; empty if its process is not known.
  [[nodiscard]] const std::string& user_of_manager() const noexcept { return user_of_manager_; }

  /// Fills in unknown properties from the main process of a unit: its control group, and that its
  /// network is ours. Others stay unknown, and must be asked of the manager.
  void locate(std::string_view unit, UnitProperties& into) const;

  /// Looks at the host again. Returns the control groups whose sockets have changed since the last
  /// look.
  ///
  /// Errors: those of HostView::sockets(). The result of the last look is kept.
  [[nodiscard]] Result<std::vector<std::string>> look();

  /// The listening ports of a control group and those below it, as ports of the host.
  [[nodiscard]] std::vector<PortMapping> of_group(std::string_view group) const;

  /// The same for a unit with a private network, whose ports are reachable only at its own
  /// addresses. Empty if its network may not be looked at.
  [[nodiscard]] std::vector<PortMapping> of_private_network(std::string_view group) const;

 private:
  using Groups = std::map<std::string, std::vector<Listener>, std::less<>>;
  [[nodiscard]] Groups by_group(const ListenersSeen& seen) const;

  std::string root_;                // The root of the manager's tree, in our tree.
  std::optional<std::string> top_;  // The group above those of its units, in our tree, if known.
  std::string user_of_manager_;
  std::uint64_t own_network_ = 0;  // Our own network namespace; 0: not known.
  HostViewPtr view_;
  Listeners listeners_;
  ListenersPtr seen_;
  Groups groups_;
};

/// The root of the manager's tree in ours, from the group that it states for itself and the group
/// in which we see its process: "/lxc/c1" for "/" and "/lxc/c1/init.scope". Empty on an ordinary
/// host, and if the process is not the manager's.
std::string root_of_groups(std::string_view told, std::string_view seen);

/// The part of a process's group below `top` that is its unit's: "/a.slice/web.service" for
/// "/a.slice/web.service/sub". Empty if the process is not in the unit.
std::string_view group_of_unit(std::string_view seen, std::string_view top, std::string_view unit);

/// Whether the executable is systemd's own. A process of a unit runs it until its environment is
/// set up, the network above all.
bool prepares_units(std::string_view executable) noexcept;

}  // namespace rollcall::systemd
