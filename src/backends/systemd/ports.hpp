// Which ports the processes of a unit listen on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "transport/listeners.hpp"

namespace rollcall::systemd {

/// Listening sockets by the control group of who holds them.
class PortBook {
 public:
  explicit PortBook(HostViewPtr view) : view_(std::move(view)), listeners_(view_) {}

  /// Where the manager's tree of groups begins in ours: what comes before each group that it tells.
  void set_root(std::string root) { root_ = std::move(root); }

  /// Looks at the host again. The control groups whose sockets have changed since the last look.
  ///
  /// Errors: those of HostView::sockets(). What was seen before stays.
  [[nodiscard]] Result<std::vector<std::string>> look();

  /// What is listened on in a control group and those below it, as ports of the host.
  [[nodiscard]] std::vector<PortMapping> of_group(std::string_view group) const;

  /// The same for a unit with a network of its own: ports that are reached at its own addresses
  /// alone. None if its network may not be looked at.
  [[nodiscard]] std::vector<PortMapping> of_private_network(std::string_view group) const;

 private:
  using Groups = std::map<std::string, std::vector<Listener>, std::less<>>;
  [[nodiscard]] Groups by_group(const ListenersSeen& seen) const;

  std::string root_;
  HostViewPtr view_;
  Listeners listeners_;
  ListenersPtr seen_;
  Groups groups_;
};

/// Where the tree of a manager begins in ours, from the group that it tells for itself and the one
/// in which we see its process: "/lxc/c1" of "/" and "/lxc/c1/init.scope". Empty, which is where it
/// begins on an ordinary host, also if the process is not the manager's.
std::string root_of_groups(std::string_view told, std::string_view seen);

}  // namespace rollcall::systemd
