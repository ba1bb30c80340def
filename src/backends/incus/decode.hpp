// Decodes instances, their state and the forwards of networks from the API of Incus and LXD.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/incus/ports.hpp"
#include "core/masking.hpp"

namespace rollcall::incus {

/// The value of `InstanceKey::id`; a name is unique within its project.
std::string id_of(std::string_view project, std::string_view name);

/// A network interface in the configuration of an instance.
struct Nic {
  std::string device;
  std::string interface;  ///< Its name inside, as far as the configuration tells.
  std::string hwaddr;
  std::string network;   ///< The managed network, else the parent interface; may be empty.
  bool managed = false;  ///< The engine made the network, which so may have forwards.
};

struct DecodedInstance {
  Instance instance;
  std::vector<Nic> nics;  ///< By device.
};

/// An address from `/state`, not yet filtered.
struct InterfaceAddress {
  std::string interface;
  std::string hwaddr;
  std::string address;
  std::string scope;  ///< "global", "link" or "local".
};

/// Decodes answers. It reuses its parser's memory, so make one per session.
class Decoder {
 public:
  /// `backend` and `endpoint` go into the keys.
  Decoder(std::string backend, std::string endpoint, Masker masker = Masker());
  ~Decoder();

  /// Decodes an instance of `GET /1.0/instances`. The 64 bytes after `item` must be readable.
  ///
  /// An instance that cannot be decoded but has a name gets the state unknown, with a problem that
  /// says why. Errors: protocol, if there is no name.
  [[nodiscard]] Result<DecodedInstance> instance(std::string_view item, Timestamp discovered_at);

  /// One that the server names, and tells nothing of: of state unknown, with a problem.
  [[nodiscard]] DecodedInstance untold(std::string_view project, std::string_view name,
                                       std::string why, Timestamp discovered_at) const;

  /// Decodes `GET /1.0/instances/NAME/state`. What is not understood is left out.
  [[nodiscard]] Result<std::vector<InterfaceAddress>> state(std::string_view item);

  /// Decodes a forward of `GET /1.0/networks/NAME/forwards?recursion=1`.
  [[nodiscard]] Result<std::vector<ForwardedPorts>> forward(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string backend_;
  std::string endpoint_;
  Masker masker_;
};

/// Adds those addresses that other hosts can reach. Each has the network of its device, or the
/// interface's own name if it belongs to no configured device.
///
/// Returns whether all expected addresses have come.
bool add_addresses(DecodedInstance& decoded, const std::vector<InterfaceAddress>& addresses,
                   Timestamp now);

/// Adds the ports that the network forwards to the instance's addresses, and problems for rows that
/// cannot be parsed.
void add_forwards(Instance& instance, std::string_view network,
                  const std::vector<ForwardedPorts>& forwards);

}  // namespace rollcall::incus
