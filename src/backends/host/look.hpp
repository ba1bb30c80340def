// One look at the host after another: what listens now, as instances.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/host/grouping.hpp"
#include "backends/host/network.hpp"
#include "backends/host/owner.hpp"
#include "core/driver.hpp"
#include "core/env.hpp"
#include "transport/host_view.hpp"
#include "transport/listeners.hpp"

namespace rollcall::host {

using InstancesById = std::map<std::string, InstancePtr, std::less<>>;

/// What the looks have in common.
struct Eyes {
  HostViewPtr view;
  LookAtNetwork network;
  EnvPtr env;
  std::string endpoint;  ///< As it is shown.
  bool user_manager = false;
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};
};

/// Looks anew, and keeps what has not changed. Blocks: for a millisecond if nothing has changed,
/// for as long as it takes to walk /proc if something has.
class Looker {
 public:
  explicit Looker(Eyes eyes);

  /// All instances. Errors: those of HostView::sockets().
  [[nodiscard]] Result<InstancesById> look();

  /// The next look walks /proc, whatever has changed.
  void forget() noexcept;

  /// What the last look could not see, and what to do about it; empty: nothing.
  [[nodiscard]] std::string blind_spot() const;

 private:
  [[nodiscard]] std::vector<Listener> serving(const ListenersSeen& seen,
                                              const HostNetwork& network) const;
  [[nodiscard]] ProcessesByPid owners(const std::vector<Listener>& listeners) const;
  [[nodiscard]] bool shown_elsewhere(const Owner& owner) const;
  [[nodiscard]] RuntimeError of_this_place(RuntimeError error) const;
  [[nodiscard]] std::vector<bool> runtimes_elsewhere() const;

  Eyes eyes_;
  Listeners listeners_;
  ListenersPtr seen_;
  HostNetwork network_;
  std::vector<bool> elsewhere_;
  InstancesById instances_;
};

/// What brings from one look to the next: all that are gone, then those that changed, then those
/// that are new, each by id.
std::vector<Change> changes(const InstancesById& before, const InstancesById& now);

}  // namespace rollcall::host
