// Containers that use the network of another: `--network container:NAME`.
#pragma once

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
  [[nodiscard]] std::vector<std::string> joiners_of(const std::string& owner) const;

 private:
  std::map<std::string, std::string> owners_;             // by joiner
  std::map<std::string, std::set<std::string>> joiners_;  // by owner
};

/// Gives those that joined a network the addresses and ports of its owner, and makes instances of
/// all.
std::vector<Reading> finish(Containers containers);

}  // namespace rollcall::docker_api
