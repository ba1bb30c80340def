// Decodes one message of `GET /1.0/events?type=lifecycle`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rollcall/result.hpp>

#include "core/driver.hpp"

namespace rollcall::incus {

struct DecodedEvent {
  std::vector<Change> changes;  ///< None if the event does not concern what runs.
  std::string project;          ///< Whose it is.
  /// Set for an unknown action on instances: they are read again, and it is counted.
  std::string unknown_action;
};

class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();

  /// Decodes one message. The 64 bytes after it must be readable.
  ///
  /// Errors: protocol, for text that is not JSON. Missing or malformed fields are not an error: the
  /// event asks for a resync if it could concern a running instance.
  [[nodiscard]] Result<DecodedEvent> decode(std::string_view message);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rollcall::incus
