// One line of `GET /events` (Docker Engine API 1.24 and later, Podman's likeness of it).
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
  std::optional<Change> change;  ///< Nothing if the event does not concern what runs.
  bool unknown_action =
      false;  ///< A container action that is in no table: read the container, and count it.
};

class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();

  /// Decodes one object of the stream. The 64 bytes after `item` must be readable.
  ///
  /// Errors: protocol, for what is not JSON. An event whose fields are missing or strange is not an
  /// error: it asks for a resync if it could concern what runs.
  [[nodiscard]] Result<DecodedEvent> decode(std::string_view item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rollcall::docker_api
