// Containers that use the network of another: `--network container:NAME`, and those of a pod.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/docker_api/decode.hpp"
#include "core/driver.hpp"

namespace rollcall::docker_api {

using Containers = std::map<std::string, DecodedContainer>;

/// Who uses whose network, so that a change of the owner is a change of those that joined it.
/// Bounded by the containers that the engine has.
class Joins {
 public:
  void replace(const Containers& all);
  void update(const Containers& some);

  [[nodiscard]] std::optional<std::string> owner_of(const std::string& id) const;

  /// The others of its pod: which of them has the pod's ports depends on which of them run.
  [[nodiscard]] std::vector<std::string> fellows_of(const std::string& id) const;

  /// Those whose reading depends on it: that joined its network, and its fellows.
  [[nodiscard]] std::vector<std::string> dependents_of(const std::string& id) const;

 private:
  std::map<std::string, std::string> owners_;             // by joiner
  std::map<std::string, std::set<std::string>> joiners_;  // by owner
  std::map<std::string, std::string> pods_;               // by container
  std::map<std::string, std::set<std::string>> members_;  // by pod
};

/// Which containers are wanted.
enum class Infra : std::uint8_t { hidden, shown };

/// Gives those that joined a network the addresses and ports of its owner, and makes instances of
/// all. The ports of a pod are given once: to the oldest of its containers that run.
std::vector<Reading> finish(Containers containers, Infra infra);

}  // namespace rollcall::docker_api
