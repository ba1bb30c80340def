// Decodes a container of `GET /containers/json` (Docker Engine API 1.24 and later, and Podman's
// version of it).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "core/masking.hpp"

namespace rollcall::docker_api {

struct DecodedContainer {
  Instance instance;
  /// The id of its pod; empty if it is in none. Containers of a pod that joined the network of its
  /// infra container all list that container's ports.
  std::string pod;
  /// An infra container: it only holds the network of its pod, and is hidden unless stopped
  /// containers are shown.
  bool infra = false;
  /// It is attached to a network that gives addresses, but the engine has not told an address yet.
  bool awaits_address = false;
  /// It uses the host's network and started recently, so its server may not listen yet.
  bool awaits_ports = false;
  /// The engine has not answered all requests about it.
  bool incomplete = false;
};

/// Decodes list items. It reuses its parser's memory, so make one per session.
class ContainerDecoder {
 public:
  ContainerDecoder(std::string backend, std::string endpoint, Masker masker = Masker());
  ~ContainerDecoder();

  /// Decodes one object of the list. The 64 bytes after `item` must be readable.
  ///
  /// An item that cannot be decoded but has an id becomes an instance of state unknown, with a
  /// problem that says why. Errors: protocol, if there is no id.
  [[nodiscard]] Result<DecodedContainer> decode(std::string_view item, Timestamp discovered_at);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string backend_;
  std::string endpoint_;
  Masker masker_;
};

}  // namespace rollcall::docker_api
