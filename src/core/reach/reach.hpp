// Where a client finds a service: which address and port, and why, as docs/services.md says. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>

#include "core/reach/services.hpp"

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
  bool rootless = false;  ///< It has networks of its user's own, which are not routed here.
};

/// The engine's place as its endpoint tells it; an alias counts as an engine of this host.
EnginePlace place_of_engine(std::string_view endpoint);

/// The ways to the services of one instance. Their common parts are computed once, because an
/// instance may have thousands of ports and each service is asked about.
///
/// Lifetime: the instance outlives it.
class Ways {
 public:
  explicit Ways(const Instance& instance);

  /// To one of its services, from one vantage point or from each.
  [[nodiscard]] Reach to(const Service& service, Vantage from) const;
  [[nodiscard]] std::array<Reach, 3> to(const Service& service) const;

 private:
  struct Own {
    std::string address;  ///< Empty: the runtime tells none.
    std::string why;
  };

  [[nodiscard]] const PortMapping* mapping_of(const Service& service) const;
  [[nodiscard]] bool is_on_host() const;
  [[nodiscard]] Reach on_host(Vantage from, const Service& service, std::string address) const;
  [[nodiscard]] Reach from_its_host(const Service& service) const;
  [[nodiscard]] Reach from_its_network(const Service& service) const;
  [[nodiscard]] Reach from_elsewhere(const Service& service, Vantage from) const;
  [[nodiscard]] Reach at_own_address(const Service& service, Vantage from,
                                     std::string_view before) const;
  [[nodiscard]] static Own own_address_of(const Instance& instance);

  const Instance& instance_;
  EnginePlace engine_;
  Own own_;
  std::vector<const PortMapping*> mappings_;  // the best of each port and protocol, in their order
};

/// The ways to a single service, from each vantage point.
std::array<Reach, 3> reach(const Instance& instance, const Service& service);

}  // namespace rollcall
