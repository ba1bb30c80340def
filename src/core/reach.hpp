// Where a client finds a service: which address and port, and why, as docs/services.md says. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>

#include "core/services.hpp"

namespace rollcall {

/// Where the client is.
enum class Vantage : std::uint8_t {
  this_host,          ///< Where Rollcall runs.
  container_network,  ///< A network that the instance is in, or another container of its host.
  elsewhere,          ///< Another machine.
};

/// Why a client uses this address, or why there is none.
enum class ReachReason : std::uint8_t {
  published,        ///< The host forwards the port from all of its addresses.
  published_on,     ///< It does so from this address alone.
  listens_on_host,  ///< The instance uses the host's network.
  own_address,      ///< The instance's address in the chosen network.
  loopback_only,    ///< Published on the host's loopback alone.
  not_published,    ///< Only on networks that this client is not in.
  no_address,       ///< The runtime tells no address.
  no_network,       ///< The instance has no network.
  not_running,
};

/// "this_host", "container_network", "elsewhere".
std::string_view to_string(Vantage vantage) noexcept;

/// The code that docs/services.md lists.
std::string_view to_string(ReachReason reason) noexcept;

/// Whether a client reaches a service, and how.
struct Reach {
  Vantage from = Vantage::this_host;
  ReachReason reason = ReachReason::not_running;
  bool possible = false;
  /// Of the client's choice: any address of the host that the instance runs on.
  bool any_of_host = false;
  std::string address;     ///< An IP address, or the engine's host name; empty if any_of_host.
  std::uint16_t port = 0;  ///< 0 if not possible.
  std::string why;         ///< A sentence.

  friend bool operator==(const Reach&, const Reach&) = default;
};

/// Where the engine of an instance is.
struct EnginePlace {
  bool here = true;       ///< On the host where Rollcall runs.
  std::string host;       ///< If not, its host.
  bool rootless = false;  ///< Its networks are behind those of a user, and not routed here.
};

/// What the endpoint of a key tells of it; an alias is taken for an engine of this host.
EnginePlace place_of_engine(std::string_view endpoint);

/// For one service of an instance, from each vantage point.
std::array<Reach, 3> reach(const Instance& instance, const Service& service);

}  // namespace rollcall
