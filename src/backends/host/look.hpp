// Repeated looks at the host: everything that listens, as instances.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rollcall/config.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/host/decode.hpp"
#include "backends/host/grouping.hpp"
#include "backends/host/network.hpp"
#include "backends/host/owner.hpp"
#include "core/async/env.hpp"
#include "core/driver.hpp"
#include "core/list_budget.hpp"
#include "hostview/host_view.hpp"
#include "hostview/listeners.hpp"

namespace rollcall::host {

using InstancesById = std::map<std::string, InstancePtr, std::less<>>;

/// The parts that all looks share.
struct Eyes {
  HostViewPtr view;
  LookAtNetwork network;
  EnvPtr env;
  ListLimits limits{};
  std::string endpoint;  ///< As it is shown.
  bool user_manager = false;
  bool as_root = false;  ///< Then there is no advice to run as root.
  std::function<bool(RuntimeBackendKind)> listed_elsewhere{};
};

/// Looks again, and keeps instances that have not changed. Blocks for a millisecond if nothing has
/// changed, otherwise for a walk through /proc.
class Looker {
 public:
  explicit Looker(Eyes eyes);

  /// Returns all instances. Errors: those of HostView::sockets() and of ListBudget.
  [[nodiscard]] Result<InstancesById> look();

  /// Makes the next look walk /proc in any case.
  void forget() noexcept;

  /// A note about what the last look could not see, with the remedy; empty if there is none.
  [[nodiscard]] std::string blind_spot() const;

 private:
  [[nodiscard]] std::vector<Listener> serving(const ListenersSeen& seen,
                                              const HostNetwork& network) const;
  [[nodiscard]] ProcessesByPid owners(const std::vector<Listener>& listeners) const;
  [[nodiscard]] Sight sight(const ListenersSeen& seen) const;
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

/// The changes from one look to the next: first those that are gone, then those that changed, then
/// the new ones, each by id.
std::vector<Change> changes(const InstancesById& before, const InstancesById& now);

}  // namespace rollcall::host
