// Where the processes of a unit are, and which ports they listen on.
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
#include "transport/listeners.hpp"

namespace rollcall::systemd {

/// Listening sockets by the control group of who holds them.
class PortBook {
 public:
  explicit PortBook(HostViewPtr view) : view_(std::move(view)), listeners_(view_) {}

  /// Takes the group that the manager tells for itself, and the process that is likely to be it.
  void set_manager(std::string_view told, pid_t pid);

  /// Whom the manager runs as; empty if that process is not known to be it.
  [[nodiscard]] const std::string& user_of_manager() const noexcept { return user_of_manager_; }

  /// Takes from the main process of a unit what is not known yet: its control group, and that its
  /// network is ours. What that does not tell stays unknown, and is to be asked for.
  void locate(std::string_view unit, UnitProperties& into) const;

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

  std::string root_;                // where the manager's tree of groups begins in ours
  std::optional<std::string> top_;  // ours, below which the groups of its units are, if it is known
  std::string user_of_manager_;
  std::uint64_t own_network_ = 0;  // the namespace that we are in; 0: not known
  HostViewPtr view_;
  Listeners listeners_;
  ListenersPtr seen_;
  Groups groups_;
};

/// Where the tree of a manager begins in ours, from the group that it tells for itself and the one
/// in which we see its process: "/lxc/c1" of "/" and "/lxc/c1/init.scope". Empty, which is where it
/// begins on an ordinary host, also if the process is not the manager's.
std::string root_of_groups(std::string_view told, std::string_view seen);

/// The part of a process' group that is its unit's, of those below `top`: "/a.slice/web.service" of
/// "/a.slice/web.service/sub". Empty if the process is not in the unit.
std::string_view group_of_unit(std::string_view seen, std::string_view top, std::string_view unit);

/// Whether that program is systemd's own: a process of a unit runs it until all that is to be its
/// own is made, its network above all.
bool prepares_units(std::string_view executable) noexcept;

}  // namespace rollcall::systemd
