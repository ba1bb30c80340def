// Containers that use the network of another container: `--network container:NAME`, and pods.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <rollcall/task.hpp>

#include "backends/docker_api/decode.hpp"
#include "core/driver.hpp"
#include "core/list_budget.hpp"

namespace rollcall::docker_api {

using Containers = std::map<std::string, DecodedContainer>;

/// Which container uses whose network, so that a change of the owner also updates its joiners.
/// Bounded by the number of the engine's containers.
class Joins {
 public:
  void update(const Containers& some);
  void update(const std::string& id, const DecodedContainer& container);

  void forget(const std::string& id);

  using Ids = std::set<std::string>;

  /// All whose network it uses: its owner, that one's owner, and so on.
  [[nodiscard]] Ids owners_of(const std::string& id) const;

  /// Whatever the readings of these depend on and is not among them, as far as is known.
  [[nodiscard]] Ids missing_in(const Containers& some) const;

  /// All of its pod, it too: which of them has the pod's ports depends on which of them run.
  /// Lifetime: until the next change of this. Null, if it is in none.
  [[nodiscard]] const Ids* pod_of(const std::string& id) const;

  /// The containers that joined its network; null if there are none.
  [[nodiscard]] const Ids* joiners_of(const std::string& id) const;

  /// All others whose reading depends on one of these, however many of these it depends on: those
  /// that joined its network, those that joined theirs, and so on.
  [[nodiscard]] Ids dependents_of(const Ids& changed) const;

 private:
  std::map<std::string, std::string> owners_;  // By joiner.
  std::map<std::string, Ids> joiners_;         // By owner.
  std::map<std::string, std::string> pods_;    // By container.
  std::map<std::string, Ids> members_;         // By pod.
};

/// Whether infra containers are wanted.
enum class Infra : std::uint8_t { hidden, shown };

/// Those that joined a network use the host's, if that is what the last of its owners uses.
[[nodiscard]] boost::asio::awaitable<void> use_networks_of_host(Containers& containers);

/// Gives those that joined a network the addresses of its owner, of that one's owner if it joined
/// one, and so on, and its ports besides those that the engine tells of themselves; and makes
/// instances of all, in turns. The ports of a pod are given once: to the oldest of its containers
/// that run.
///
/// Errors: protocol, if the copies exceed the budget.
[[nodiscard]] Task<std::vector<Reading>> finish(Containers containers, Infra infra,
                                                ListBudget& budget);

}  // namespace rollcall::docker_api
