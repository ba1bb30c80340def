// Instances, their state and the forwards of networks, as the API of Incus and LXD tells them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/incus/ports.hpp"

namespace rollcall::incus {

/// `InstanceKey::id`: a name is unique within its project.
std::string id_of(std::string_view project, std::string_view name);

/// A network interface that the configuration gives an instance.
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

/// An address that `/state` tells, not yet judged.
struct InterfaceAddress {
  std::string interface;
  std::string hwaddr;
  std::string address;
  std::string scope;  ///< "global", "link" or "local".
};

/// Decodes what answers hold. Keeps its parser's memory, so make one for a session.
class Decoder {
 public:
  /// `backend` and `endpoint` are those of the keys.
  Decoder(std::string backend, std::string endpoint);
  ~Decoder();

  /// Decodes an instance of `GET /1.0/instances`. The 64 bytes after `item` must be readable.
  ///
  /// What cannot be decoded but has a name is an instance of state unknown with a problem that says
  /// why. Errors: protocol, if there is no name.
  [[nodiscard]] Result<DecodedInstance> instance(std::string_view item, Timestamp discovered_at);

  /// Decodes `GET /1.0/instances/NAME/state`. What is not understood is left out.
  [[nodiscard]] Result<std::vector<InterfaceAddress>> state(std::string_view item);

  /// Decodes a forward of `GET /1.0/networks/NAME/forwards?recursion=1`.
  [[nodiscard]] Result<std::vector<ForwardedPort>> forward(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string backend_;
  std::string endpoint_;
};

/// Gives the instance its addresses: all that others can reach, with the network of the device that
/// they are on, or the interface's own name if it is none of the configuration's.
///
/// Returns whether all that are to be expected have come.
bool add_addresses(DecodedInstance& decoded, const std::vector<InterfaceAddress>& addresses,
                   Timestamp now);

/// Gives the instance the ports that are forwarded to its addresses in the network.
void add_forwards(Instance& instance, std::string_view network,
                  const std::vector<ForwardedPort>& forwards);

}  // namespace rollcall::incus
