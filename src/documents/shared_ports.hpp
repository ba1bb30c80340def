// Ports of one network that several instances share: a client reaches each of them once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <rollcall/instance.hpp>

namespace rollcall::server {

/// Which of those that share a network has a port: the first whose labels name it, else the one
/// whose network it is, else the first that has it.
///
/// Pure. Costs next to nothing where no network is shared. Lifetime: the instances must outlive it.
class SharedPorts {
 public:
  using Port = std::pair<std::uint16_t, Protocol>;
  struct Claim {
    Port port;
    bool named = false;  ///< Labels of the instance name the port.
  };
  using Claims = std::function<std::vector<Claim>(const Instance&)>;

  /// `claims`: the ports of an instance that count.
  SharedPorts(std::span<const InstancePtr> instances, const Claims& claims);

  /// Whether the port is to be told of that instance, and not of another.
  [[nodiscard]] bool is_of(const Instance& instance, const Port& port) const;

 private:
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  struct Holder {
    int rank = 0;
    const Instance* instance = nullptr;
  };
  using Holders = std::map<Port, Holder>;

  void find_root(Key joiner, const std::map<Key, std::string_view>& owners);
  [[nodiscard]] Key root_of(const Key& key) const;

  std::map<Key, Key> roots_;         // of those that joined a network: whose it is in the end
  std::map<Key, Holders> networks_;  // by those
};

}  // namespace rollcall::server
