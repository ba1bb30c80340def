// One container as `GET /containers/json` tells it (Docker Engine API 1.24 and later, Podman's
// likeness of it).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

namespace rollcall::docker_api {

struct DecodedContainer {
  Instance instance;
  /// The pod it is in, by its id; empty if in none. Those of a pod that joined the network of its
  /// infra container have that one's ports together.
  std::string pod;
  /// It only holds the network of its pod, and is shown only with what does not run.
  bool infra = false;
  /// A network that gives addresses is attached, but the engine has not told an address yet.
  bool awaits_address = false;
  /// It uses the host's network, and runs for so short that its server may not listen yet.
  bool awaits_ports = false;
  /// Not all that is asked of the engine has been told.
  bool incomplete = false;
};

/// Decodes list items. Keeps its parser's memory, so make one for a session.
class ContainerDecoder {
 public:
  ContainerDecoder(std::string backend, std::string endpoint);
  ~ContainerDecoder();

  /// Decodes one object of the list. The 64 bytes after `item` must be readable.
  ///
  /// What cannot be decoded but has an id is an instance of state unknown with a problem that says
  /// why. Errors: protocol, if there is no id.
  [[nodiscard]] Result<DecodedContainer> decode(std::string_view item, Timestamp discovered_at);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string backend_;
  std::string endpoint_;
};

}  // namespace rollcall::docker_api
