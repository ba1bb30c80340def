// Which processes listen on this host: sockets joined with their holders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "hostview/host_view.hpp"

namespace rollcall {

/// One socket and its holders.
struct Listener {
  ListeningSocket socket;
  /// Sorted. There are several if workers were forked, or if the service manager keeps a socket
  /// that it has passed on. Empty: they cannot be seen.
  std::vector<pid_t> owners{};
  /// The version 2 control group in which the socket was made; empty: not known.
  std::string cgroup{};

  friend bool operator==(const Listener&, const Listener&) = default;
};

/// The result of one look; immutable.
struct ListenersSeen {
  std::vector<Listener> listeners{};  ///< Sorted by socket.
  /// The identities of the owners; those that have ended meanwhile are absent.
  std::map<pid_t, ProcessIdentity> owners{};
  std::size_t unowned = 0;     ///< Sockets whose owner cannot be seen.
  std::size_t unreadable = 0;  ///< Processes whose descriptors may not be read.

  /// A note about what could not be seen, with the remedy; nullopt if there is nothing to note.
  [[nodiscard]] std::optional<Problem> problem() const;
};

using ListenersPtr = std::shared_ptr<const ListenersSeen>;

/// Repeated looks. Each is one dump of the kernel's sockets; /proc is walked only if the set of
/// sockets has changed or an owner has ended. So if a process takes over or gives up a socket that
/// others hold, too, that is noticed at the next such change, or after forget(). A look at 200
/// unchanged sockets takes less than a millisecond; the first look at 10,000 sockets of 2,000
/// processes takes a tenth of a second.
///
/// Memory: proportional to the sockets. Threads: one at a time.
class Listeners {
 public:
  /// Looks at the network namespace of the process `of`; 0: at our own.
  explicit Listeners(HostViewPtr view, pid_t of = 0) : view_(std::move(view)), of_(of) {}

  /// Returns the same object as the last look if nothing has changed.
  ///
  /// Errors: those of HostView::sockets(). The result of the last look is kept for the next.
  [[nodiscard]] Result<ListenersPtr> look();

  /// Makes the next look walk /proc in any case.
  void forget() noexcept { last_ = nullptr; }

 private:
  [[nodiscard]] bool still_true(const std::vector<ListeningSocket>& sockets) const;
  void find_owners(ListenersSeen& seen) const;

  HostViewPtr view_;
  pid_t of_;
  std::vector<ListeningSocket> sockets_;   // From the last look.
  std::map<pid_t, std::uint64_t> owners_;  // With the ticks at which they started.
  ListenersPtr last_;
};

/// The ports that the kernel assigns to sockets which did not ask for one.
struct PortRange {
  std::uint16_t first = 32768;
  std::uint16_t last = 60999;

  [[nodiscard]] bool holds(std::uint16_t port) const noexcept {
    return first <= port && port <= last;
  }
};

/// Reads net.ipv4.ip_local_port_range; the kernel's defaults if it cannot be read.
PortRange ephemeral_ports();

/// The listeners that these processes (sorted) hold.
std::vector<Listener> listeners_of(const ListenersSeen& seen, std::span<const pid_t> pids);

/// The listeners of the processes of a control group and of those below it. A socket whose owners
/// cannot be seen belongs to the group in which it was made; on version 2 that is known without
/// privilege.
std::vector<Listener> listeners_of_cgroup(const ListenersSeen& seen, HostView& view,
                                          std::string_view path);

/// The listeners as ports of the host, sorted, without duplicates: sockets that share a port
/// (SO_REUSEPORT, workers) become one. A dual stack socket becomes two, at "::" and "0.0.0.0".
std::vector<PortMapping> host_ports(std::span<const Listener> listeners);

}  // namespace rollcall
