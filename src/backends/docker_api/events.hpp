// Decodes one line of `GET /events` (Docker Engine API 1.24 and later, and Podman's version of it).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <rollcall/result.hpp>

#include "core/driver.hpp"

namespace rollcall::docker_api {

struct DecodedEvent {
  Timestamp at{};                ///< timeNano; else time.
  std::optional<Change> change;  ///< nullopt if the event does not concern running containers.
  bool unknown_action = false;   ///< An unknown container action: read the container, and count it.
};

class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();

  /// Decodes one object of the stream. The 64 bytes after `item` must be readable.
  ///
  /// Errors: protocol, for text that is not JSON. Missing or malformed fields are not an error: the
  /// event asks for a resync if it could concern a running container.
  [[nodiscard]] Result<DecodedEvent> decode(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rollcall::docker_api
