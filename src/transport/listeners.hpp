// Who listens on this host: sockets joined with the processes that hold them.
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

#include "transport/host_view.hpp"

namespace rollcall {

/// One socket and who holds it.
struct Listener {
  ListeningSocket socket;
  /// In order; several where workers were forked, or the service manager keeps a socket that it
  /// has passed on. Empty: not seen.
  std::vector<pid_t> owners{};
  /// The version 2 control group in which the socket was made; empty: not known.
  std::string cgroup{};

  friend bool operator==(const Listener&, const Listener&) = default;
};

/// What one look has seen. Made once, never changed.
struct ListenersSeen {
  std::vector<Listener> listeners{};  ///< Sorted by socket.
  /// Who the owners are; one that ended just after it was found is absent.
  std::map<pid_t, ProcessIdentity> owners{};
  std::size_t unowned = 0;     ///< Sockets whose owner may not be seen.
  std::size_t unreadable = 0;  ///< Processes whose descriptors may not be read.

  /// A note about what was not seen, and the remedy; nothing if all was.
  [[nodiscard]] std::optional<Problem> problem() const;
};

using ListenersPtr = std::shared_ptr<const ListenersSeen>;

/// Looks again and again. Each look is one dump of the kernel's sockets; /proc is walked only if
/// their set has changed since the last look, or an owner has ended. So a process that takes over
/// or gives up a share of a socket that others hold, too, is seen at the next such change, or when
/// told to forget. A look at 200 sockets that have not changed takes less than a millisecond; the
/// first at 10,000 sockets of 2,000 processes a tenth of a second.
///
/// Memory: by sockets. Threads: one at a time.
class Listeners {
 public:
  /// Of the network namespace that the process `of` is in; 0: of our own.
  explicit Listeners(HostViewPtr view, pid_t of = 0) : view_(std::move(view)), of_(of) {}

  /// The same object as at the last look if nothing has changed.
  ///
  /// Errors: those of HostView::sockets(). What the last look saw stays, for the next.
  [[nodiscard]] Result<ListenersPtr> look();

  /// The next look walks /proc, whatever has changed.
  void forget() noexcept { last_ = nullptr; }

 private:
  [[nodiscard]] bool still_true(const std::vector<ListeningSocket>& sockets) const;
  void find_owners(ListenersSeen& seen) const;

  HostViewPtr view_;
  pid_t of_;
  std::vector<ListeningSocket> sockets_;   // of the last look
  std::map<pid_t, std::uint64_t> owners_;  // and the ticks at which they started
  ListenersPtr last_;
};

/// Ports that the kernel gives to sockets which did not ask for one.
struct PortRange {
  std::uint16_t first = 32768;
  std::uint16_t last = 60999;

  [[nodiscard]] bool holds(std::uint16_t port) const noexcept {
    return first <= port && port <= last;
  }
};

/// Of net.ipv4.ip_local_port_range; the kernel's defaults if it cannot be read.
PortRange ephemeral_ports();

/// What these processes hold (sorted).
std::vector<Listener> listeners_of(const ListenersSeen& seen, std::span<const pid_t> pids);

/// What the processes of a control group, and of those below it, hold. A socket whose owners are
/// not seen belongs to the group in which it was made: on version 2 that needs no privilege.
std::vector<Listener> listeners_of_cgroup(const ListenersSeen& seen, HostView& view,
                                          std::string_view path);

/// Where it can be reached, as a port of the host. Sorted, without duplicates: sockets that share a
/// port (SO_REUSEPORT, workers) are one. A dual stack socket is two, at "::" and "0.0.0.0".
std::vector<PortMapping> host_ports(std::span<const Listener> listeners);

}  // namespace rollcall
